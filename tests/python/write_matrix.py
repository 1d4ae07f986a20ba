"""Writes stores as xarray writes them, and what xarray reads from each: `manifest.json`."""

import json
import sys
import warnings
from pathlib import Path

import numcodecs
import numpy as np
import xarray as xr
import zarr.codecs as codecs

warnings.simplefilter("ignore")
root = Path(sys.argv[1])


def values(array):
    """Values as text that both sides make alike."""
    flat = array.values.reshape(-1)
    if flat.dtype.kind == "M":
        return [None if np.isnat(x) else str(np.datetime_as_string(x.astype("datetime64[ns]"))) for x in flat]
    if flat.dtype.kind == "m":
        return [None if np.isnat(x) else int(x.astype("timedelta64[ns]").astype("int64")) for x in flat]
    if flat.dtype.kind == "O" and len(flat) and hasattr(flat[0], "isoformat"):
        return [x.isoformat() for x in flat]
    if flat.dtype.kind in "UOT":
        return [str(x) for x in flat]
    if flat.dtype.kind == "f":
        return [repr(float(x)) for x in flat]
    return [int(x) for x in flat]


cases = []


def case(name, dataset, version, encoding=None, consolidated=True):
    path = root / f"{name}_v{version}.zarr"
    dataset.to_zarr(path, zarr_format=version, encoding=encoding or {}, consolidated=consolidated, mode="w")
    read = xr.open_zarr(path, zarr_format=version, consolidated=consolidated)
    arrays = {}
    for key, array in read.variables.items():
        arrays[str(key)] = {
            "dims": list(array.dims),
            "shape": list(array.shape),
            "kind": array.dtype.kind,
            "values": values(array),
            "coord": key in read.coords,
        }
    cases.append({"path": str(path), "arrays": arrays})


def one(data, **kw):
    data = np.asarray(data)
    return xr.Dataset({"x": xr.DataArray(data, dims=[f"d{i}" for i in range(data.ndim)], **kw)})


for version in (2, 3):
    for dtype in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split():
        data = np.arange(12).reshape(3, 4).astype(dtype)
        case(f"dtype_{dtype}", one(data), version, {"x": {"chunks": (2, 3)}})
    case("float_missing", one([1.5, np.nan, -0.0, np.inf]), version)
    case("float_fill", one([1.5, np.nan, 3.0]), version, {"x": {"_FillValue": -999.0}})
    case("int_fill", one([1.0, np.nan, 3.0]), version, {"x": {"_FillValue": -99, "dtype": "int16"}})
    scaled = {"scale_factor": 0.5, "add_offset": 10.0, "dtype": "int16", "_FillValue": -32768}
    case("scaled", one([10.0, 12.5, np.nan]), version, {"x": scaled})
    case("scaled_only", one([10.0, 12.5, 11.0]), version, {"x": {"scale_factor": 0.5, "dtype": "int16"}})
    case("text", one(np.array(["", "Elbe", "日本"], dtype=object)), version)
    case("text_fixed", one(np.array(["a", "Elbe", "日本"])), version)
    case("scalar", one(np.float64(2.5)), version)
    case("empty", one(np.zeros((0, 3), dtype="float32")), version)
    case("not_consolidated", one(np.arange(5)), version, consolidated=False)
    times = np.array(["2000-01-01", "2000-02-29T12:30", "NaT", "2020-12-31T23:59:59.123456789"], dtype="datetime64[ns]")
    case("times", one(times), version)
    case("times_days", one(times[:1]), version, {"x": {"units": "days since 1970-01-01"}})
    case("times_float", one(times[:2]), version, {"x": {"units": "days since 2000-01-01", "dtype": "float64"}})
    case("spans", one(np.array([0, 90, -5], dtype="timedelta64[s]").astype("timedelta64[ns]")), version)
    for calendar in "noleap all_leap 360_day julian".split():
        dates = xr.date_range("2001-01-01", periods=5, freq="40D", calendar=calendar, use_cftime=True)
        case(f"calendar_{calendar}", xr.Dataset({"x": ("time", np.arange(5.0))}, {"time": dates}), version)
    grid = xr.Dataset(
        {"t": (("y", "x"), np.arange(6.0).reshape(2, 3))},
        {"lat": (("y", "x"), np.ones((2, 3))), "y": [10, 20], "height": 2.0},
        {"title": "grid", "nan": float("nan")},
    )
    case("coordinates", grid, version)

data = np.arange(60.0).reshape(6, 10)
for name, compressor in {
    "none": None,
    "zlib": numcodecs.Zlib(),
    "gzip": numcodecs.GZip(),
    "bz2": numcodecs.BZ2(),
    "zstd": numcodecs.Zstd(),
    "blosc_lz4": numcodecs.Blosc("lz4"),
    "blosc_zstd_bit": numcodecs.Blosc("zstd", shuffle=2),
}.items():
    case(f"codec_{name}", one(data), 2, {"x": {"compressors": [compressor] if compressor else None, "chunks": (4, 4)}})
for name, compressors in {
    "none": None,
    "gzip": [codecs.GzipCodec()],
    "zstd": [codecs.ZstdCodec(level=5)],
    "zstd_crc": [codecs.ZstdCodec(level=1), codecs.Crc32cCodec()],
    "blosc": [codecs.BloscCodec(cname="lz4")],
}.items():
    case(f"codec_{name}", one(data), 3, {"x": {"compressors": compressors, "chunks": (4, 4)}})
case("sharded", one(data), 3, {"x": {"chunks": (2, 5), "shards": (6, 10)}})

(root / "manifest.json").write_text(json.dumps(cases))
