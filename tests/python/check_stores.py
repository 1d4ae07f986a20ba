"""Opens what nuthatch wrote, and compares it with the same datasets made here."""

import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

warnings.simplefilter("ignore")
root = Path(sys.argv[1])


def store(name):
    (path,) = [p for p in root.rglob("value.zarr") if f".{name}" in str(p)]
    return path


def opened(name):
    path = store(name)
    zarr.open_group(path, mode="r")
    return xr.open_zarr(path, chunks=None)


for dtype in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split():
    expected = xr.Dataset({"x": (("a", "b"), np.arange(6).reshape(2, 3).astype(dtype), {"units": "m"})})
    read = opened(f"of_{dtype}")
    xr.testing.assert_identical(read, expected)
    assert read["x"].dtype == dtype, (dtype, read["x"].dtype)
    assert zarr.open_group(store(f"of_{dtype}"), mode="r")["x"][:].dtype == dtype

text = opened("of_text")
assert [str(x) for x in text["x"].values] == ["", "Elbe", "日本"]

times = opened("of_times")
expected = np.array(["2008-01-01", "2008-01-01T12:00", "NaT"], dtype="datetime64[ns]")
np.testing.assert_array_equal(times["x"].values.astype("datetime64[ns]"), expected)

spans = opened("of_spans")
np.testing.assert_array_equal(spans["x"].values.astype("timedelta64[s]"), np.array([0, 90, -5], "timedelta64[s]"))

noleap = opened("of_calendar")
assert [t.isoformat() for t in noleap["time"].values] == ["2000-02-28T00:00:00", "2000-03-01T00:00:00"]
assert noleap["time"].encoding["calendar"] == "noleap"

grid = opened("of_grid")
made = xr.Dataset(
    {"t": (("y", "x"), np.arange(6.0).reshape(2, 3), {"units": "K"})},
    {"lat": (("y", "x"), np.ones((2, 3))), "y": np.array([10, 20], "int32"), "height": 2.0},
    {"title": "grid"},
)
xr.testing.assert_identical(grid, made)

for name in ("of_empty", "of_scalar", "of_missing"):
    opened(name).load()
assert opened("of_empty")["x"].shape == (0, 3)
assert float(opened("of_scalar")["x"]) == 2.5
np.testing.assert_array_equal(opened("of_missing")["x"].values, [1.5, np.nan, -0.0, np.inf])

sst = opened("of_sst")
original = xr.open_zarr(sys.argv[2], chunks=None)
xr.testing.assert_identical(sst, original)
mean = float(sst["surface_temperature"].sel(time="2008").mean(dtype="float64"))
assert abs(mean - 300.61249887054913) < 1e-9, mean
print("identical")
