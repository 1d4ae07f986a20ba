"""Stores and recalls a cube of 95 MB as the bench `arrays` does, through xarray and zarr-python."""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import xarray as xr
import zarr.codecs as codecs

root = Path(sys.argv[1])
days, lats, lons = 365, 181, 360
t, y, x = np.ogrid[:days, :lats, :lons]
noise = np.random.default_rng(1).integers(0, 1024, (days, lats, lons)) / 1024.0
cube = (280 + np.sin(t / 58) * 10 + y * 0.1 + x * 0.01 + noise).astype("float32")
dataset = xr.Dataset({"t": (("time", "y", "x"), cube)})
encoding = {
    "t": {
        "chunks": (31, lats, lons),
        "compressors": [codecs.ZstdCodec(level=1), codecs.Crc32cCodec()],
    }
}


def median(work):
    times = []
    for turn in range(6):
        started = time.perf_counter()
        work(turn)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:]) * 1000


def store(kind):
    def work(turn):
        source = dataset.chunk({"time": 31}) if kind == "dask" else dataset
        source.to_zarr(root / f"{kind} {turn}.zarr", zarr_format=3, encoding=encoding)

    return work


def recall(kind):
    chunks = {} if kind == "dask" else None
    return lambda turn: xr.open_zarr(root / f"{kind} 1.zarr", chunks=chunks)["t"].load()


print("\nThe same through xarray and zarr-python, with the same codecs\n")
for kind in ("plain", "dask"):
    print(f"  store   {median(store(kind)):8.1f} ms   recall {median(recall(kind)):8.1f} ms   {kind}")
