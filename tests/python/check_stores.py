"""Opens what nuthatch made, `{"name format": path}`, and compares it with the same made here."""

import json
import sys
import warnings
from pathlib import Path

import cftime
import numpy as np
import xarray as xr
import zarr

warnings.simplefilter("ignore")


def numbers(dtype):
    return xr.Dataset({"x": (("a", "b"), np.arange(6).reshape(2, 3).astype(dtype), {"units": "m"})})


def one(data, dims=("a",)):
    return xr.Dataset({"x": (dims, data, {"units": "m"})})


DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split()
moments = np.array(["2008-01-01", "2008-01-01T12:00", "NaT"], dtype="datetime64[ns]")
dates = [cftime.DatetimeNoLeap(2000, 2, 28), cftime.DatetimeNoLeap(2000, 3, 1)]
EXPECTED = {dtype: numbers(dtype) for dtype in DTYPES} | {
    "text": one(np.array(["", "Elbe", "日本"], dtype=object)),
    "times": xr.Dataset({"x": ("a", moments)}),
    "spans": xr.Dataset({"x": ("a", np.array([0, 90, -5, "NaT"], dtype="timedelta64[s]"))}),
    "noleap": xr.Dataset({"v": ("time", [1.0, 2.0])}, {"time": dates}),
    "grid": xr.Dataset(
        {"t": (("y", "x"), np.arange(6.0).reshape(2, 3), {"units": "K"})},
        {"lat": (("y", "x"), np.ones((2, 3))), "y": np.array([10, 20], "int32"), "height": 2.0},
        {"title": "grid"},
    ),
    "empty": one(np.zeros((0, 3), "float32"), ("a", "b")),
    "scalar": one(2.5, ()),
    "missing": one(np.array([1.5, np.nan, -0.0, np.inf])),
}

stores = json.loads(Path(sys.argv[1]).read_text())
assert {name.split()[0] for name in stores} == set(EXPECTED), sorted(stores)
for name, path in stores.items():
    what, version = name.split()
    expected = EXPECTED[what]
    read = xr.open_zarr(path, chunks=None, zarr_format=int(version), consolidated=True)
    xr.testing.assert_identical(read, expected)
    group = zarr.open_group(path, mode="r", zarr_format=int(version))
    for array in expected.variables:
        if what != "text":
            assert read[array].dtype == expected[array].dtype, (name, read[array].dtype)
        assert group[array].shape == expected[array].shape
        codecs = [type(codec).__name__ for codec in group[array].compressors]
        assert codecs == {"2": ["Zstd"], "3": ["ZstdCodec", "Crc32cCodec"]}[version], (name, codecs)
        assert not any(key.startswith("_zarrs") for key in group[array].attrs), name
    if what in DTYPES:
        assert group["x"].dtype == what and (group["x"][:] == expected["x"].values).all()
print("identical")
