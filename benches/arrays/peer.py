"""Does what the bench `arrays` does, through xarray and zarr-python: one thing a line of input."""

import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr.codecs as codecs

warnings.simplefilter("ignore")
root = Path(sys.argv[1])
checked = [codecs.ZstdCodec(level=1), codecs.Crc32cCodec()]
SHAPE = (365, 181, 360)
turn = 0


def cube():
    if not hasattr(cube, "dataset"):
        values = np.fromfile(root / "cube.raw", "<f4").reshape(SHAPE)
        cube.dataset = xr.Dataset({"t": (("time", "y", "x"), values)})
    return cube.dataset


def write(dataset, name, **encoding):
    """Under another name each time; the last one stays as `name`."""
    global turn
    turn += 1
    path = root / f"{name} {turn}.zarr"
    each = {variable: {"compressors": checked, **encoding} for variable in dataset.data_vars}
    dataset.to_zarr(path, zarr_format=3, encoding=each)
    link = root / f"{name}.zarr"
    link.unlink(missing_ok=True)
    link.symlink_to(path)


def read(name, chunks=None):
    return xr.open_zarr(root / f"{name}.zarr", chunks=chunks)


def store(kind):
    dataset = cube().chunk({"time": 31}) if kind == "dask" else cube()
    write(dataset, kind, chunks=(31, 181, 360))


def recall(kind):
    read(kind, {} if kind == "dask" else None)["t"].load()


def chunks(what):
    if what == "store":
        y, x = np.ogrid[:1000, :1000]
        write(xr.Dataset({"v": (("y", "x"), (y * x * 0.5).astype("float32"))}), "chunks", chunks=(50, 50))
    elif what == "recall":
        read("chunks")["v"].load()
    elif what == "column":
        read("chunks")["v"].isel(x=500).load()
    else:
        read("chunks")["v"].isel(x=500, y=7).load()


def arrays(what):
    if what == "store":
        at = np.arange(100.0)
        write(xr.Dataset({f"v{n}": ("x", n * at) for n in range(200)}), "arrays")
    elif what == "open":
        read("arrays")
    else:
        read("arrays").load()


THINGS = {
    "store": store,
    "recall": recall,
    "month": lambda: read("plain")["t"].isel(time=slice(0, 31)).load(),
    "open": lambda: read("plain"),
    "chunks": chunks,
    "arrays": arrays,
}

for line in sys.stdin:
    what, *how = line.split()
    THINGS[what](*how)
    print("done", flush=True)
