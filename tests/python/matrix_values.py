"""Datasets of every type, fill value and calendar that xarray stores."""

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

INTEGERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
FLOATS = "float32 float64".split()


@dataclass
class Case:
    name: str
    dataset: xr.Dataset
    encoding: dict = field(default_factory=dict)
    consolidated: bool = True
    # Whether chunks that hold nothing but the fill value are written.
    empty: bool = True
    # How elements follow each other in the chunks of version 2.
    order: str = "C"


def one(data, dims=None, **attrs):
    data = np.asarray(data)
    dims = dims or [f"d{i}" for i in range(data.ndim)]
    return xr.Dataset({"x": xr.Variable(dims, data, attrs)})


def x(**encoding):
    return {"x": encoding}


def cases(version):
    return [*types(version), *fills(), *text(version), *times(), *calendars(), *groups(), *sizes()]


def types(version):
    for dtype in ["bool", *INTEGERS, *FLOATS]:
        data = np.arange(12).reshape(3, 4).astype(dtype)
        yield Case(f"dtype_{dtype}", one(data), x(chunks=(2, 3)))
        yield Case(f"scalar_{dtype}", one(data[1, 2]))
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        yield Case(f"extremes_{dtype}", one(np.array([info.min, 0, info.max], dtype=dtype)))
    for dtype in FLOATS:
        info = np.finfo(dtype)
        data = np.array([info.min, info.tiny, info.smallest_subnormal, -0.0, info.max], dtype=dtype)
        yield Case(f"extremes_{dtype}", one(data))
    if version == 2:
        for dtype in ">i2 >i8 >u4 >f4 >f8".split():
            name = "big_endian_" + dtype[1:]
            yield Case(name, one(np.arange(12).reshape(3, 4).astype(dtype)), x(chunks=(2, 3)))


def fills():
    missing = [1.5, np.nan, -0.0, np.inf, -np.inf]
    yield Case("float_missing", one(missing))
    for name, fill in {"number": -999.0, "nan": np.nan, "inf": np.inf, "minus_inf": -np.inf}.items():
        for dtype in FLOATS:
            data = np.array([1.5, np.nan, 3.0], dtype=dtype)
            yield Case(f"{dtype}_fill_{name}", one(data), x(_FillValue=np.dtype(dtype).type(fill)))
    for dtype in INTEGERS:
        fill = {"i": -99, "u": 99}[dtype[0]]
        yield Case(f"fill_{dtype}", one([1.0, np.nan, 3.0]), x(_FillValue=fill, dtype=dtype))
    yield Case("fill_among_integers", one(np.array([1, 7, 3], "int32"), _FillValue=7))
    yield Case("missing_value", one(np.array([1, -1, 3], "int16"), missing_value=-1))
    yield Case("missing_values", one(np.array([1, -1, -2], "int32"), missing_value=-1, _FillValue=-2))
    yield Case("missing_float", one(np.array([1.5, 1e20, 3.0], "float32"), missing_value=1e20))
    for dtype in INTEGERS[:3]:
        unsigned = {"_Unsigned": "true"}
        data = np.array([1, -1, -2, 100], dtype)
        yield Case(f"unsigned_{dtype}", one(data, **unsigned))
        yield Case(f"unsigned_{dtype}_fill", one(data, _FillValue=-1, **unsigned))
        yield Case(f"unsigned_{dtype}_scaled", one(data, scale_factor=0.5, **unsigned))
    yield Case("signed_uint8", one(np.array([1, 255, 254], "uint8"), _Unsigned="false"))
    for dtype in ("int16", "uint8", "int32", "float32"):
        scaled = {"scale_factor": 0.5, "add_offset": 10.0, "dtype": dtype}
        yield Case(f"scaled_{dtype}", one([10.0, 12.5, 11.0]), x(**scaled))
        yield Case(f"scaled_{dtype}_fill", one([10.0, 12.5, np.nan]), x(_FillValue=100, **scaled))
        yield Case(f"scale_{dtype}", one([10.0, 12.5, 11.0]), x(scale_factor=0.5, dtype=dtype))
        yield Case(f"offset_{dtype}", one([10.0, 12.0, 11.0]), x(add_offset=10.0, dtype=dtype))
    for dtype, fill in {"int32": 7, "float64": 7.5, "float32": np.nan, "uint8": 0, "bool": True}.items():
        data = np.full((4, 4), fill).astype(dtype)
        data[0, 0] = 0
        encoding = {"chunks": (2, 2)}
        if dtype != "bool":
            encoding["_FillValue"] = fill
        yield Case(f"absent_chunks_{dtype}", one(data), x(**encoding), empty=False)


def text(version):
    words = ["", "Elbe", "日本", "a b"]
    yield Case("text", one(np.array(words, dtype=object)))
    yield Case("text_fixed", one(np.array(words)))
    yield Case("text_grid", one(np.array(words).reshape(2, 2)), x(chunks=(1, 2)))
    yield Case("text_bytes", one(np.array([b"", b"Elbe", b"Havel"])), x(chunks=(2,)))
    yield Case("text_bytes_grid", one(np.array([[b"ab", b"c"], [b"", b"def"]])))
    yield Case("text_characters", one(np.array([[b"a", b"b"], [b"c", b""]])))
    joined = np.array([list("Elbe".encode()), list("日".encode()) + [0]], "uint8").view("S1")
    yield Case("text_characters_utf8", one(joined), x(chunks=(1, 2)))
    yield Case("text_characters_of_one", one(np.array([b"a", b"b", b"c"])))
    yield Case("text_character", one(np.array(b"a")))
    yield Case("text_scalar", one(np.array("Elbe")))
    yield Case("text_none", one(np.array([], dtype="U4")))
    labelled = xr.Dataset({"v": ("station", [1.0, 2.0])}, {"station": ["Elbe", "Havel"]})
    yield Case("text_labels", labelled)
    if version == 2:
        yield Case("text_big_endian", one(np.array(words).astype(">U5")))


def times():
    moments = ["2000-01-01", "2000-02-29T12:30", "NaT", "2020-12-31T23:59:59.123456789"]
    nanoseconds = np.array(moments, dtype="datetime64[ns]")
    yield Case("times", one(nanoseconds), x(chunks=(3,)))
    for unit in ("s", "ms", "us"):
        yield Case(f"times_{unit}", one(nanoseconds.astype(f"datetime64[{unit}]")))
        spans = np.array([0, 90, -5, "NaT"], dtype=f"timedelta64[{unit}]")
        yield Case(f"spans_{unit}", one(spans))
    far = np.array(["1677-01-01", "2500-06-01"], dtype="datetime64[s]")
    yield Case("times_far", one(far))
    yield Case("times_scalar", one(nanoseconds[0]))
    yield Case("times_none", one(nanoseconds[:0]))
    yield Case("times_not", one(nanoseconds[2:3]))
    yield Case("times_days", one(nanoseconds[:1]), x(units="days since 1970-01-01"))
    yield Case("times_hours", one(nanoseconds[:2]), x(units="hours since 1900-01-01 06:00:00", dtype="float64"))
    yield Case("times_float", one(nanoseconds[:2]), x(units="days since 2000-01-01", dtype="float64"))
    yield Case("times_int32", one(nanoseconds[:2]), x(units="minutes since 2000-01-01", dtype="int32"))
    yield Case("times_index", xr.Dataset({"v": ("time", [1.0, 2.0])}, {"time": nanoseconds[:2]}))
    for units in ("days since 2000-01-01", "seconds since 1999-12-31T23:00:00Z", "hours since 2000-1-1 0:0:0"):
        name = units.split()[0]
        yield Case(f"units_{name}", one(np.array([0, 5, 11], "int32"), units=units))
        yield Case(f"units_{name}_float", one(np.array([0.25, np.nan, 1.1]), units=units))
    spans = np.array([0, 90, -5, "NaT"], dtype="timedelta64[ns]")
    yield Case("spans", one(spans), x(chunks=(3,)))
    yield Case("spans_scalar", one(spans[1]))
    yield Case("spans_hours", one(np.array([0, 2], "timedelta64[h]").astype("timedelta64[ns]")), x(units="hours"))
    bounds = np.array([["2000-01-01", "2000-02-01"], ["2000-02-01", "2000-03-01"]], dtype="datetime64[ns]")
    bounded = xr.Dataset({"time_bnds": (("time", "nv"), bounds)}, {"time": bounds[:, 0]})
    bounded["time"].attrs["bounds"] = "time_bnds"
    yield Case("times_bounds", bounded)
    counted = {"units": "days since 2000-01-01", "calendar": "noleap", "bounds": "time_bnds"}
    bounds = (("time", "nv"), [[0, 1], [1, 2]])
    yield Case("bounds_without_units", xr.Dataset({"time_bnds": bounds}, {"time": ("time", [0, 1], counted)}))


def calendars():
    for calendar in "noleap all_leap 360_day julian".split():
        dates = xr.date_range("2001-01-01", periods=5, freq="40D", calendar=calendar, use_cftime=True)
        yield Case(f"calendar_{calendar}", xr.Dataset({"v": ("time", np.arange(5.0))}, {"time": dates}))
        yield Case(f"calendar_{calendar}_values", one(dates.values, ["t"]), x(chunks=(2,)))
    for calendar in ("standard", "proleptic_gregorian"):
        for name, start in {"early": "1500-01-01", "mixed": "1582-09-01"}.items():
            dates = xr.date_range(start, periods=5, freq="20D", calendar=calendar, use_cftime=True)
            dataset = xr.Dataset({"v": ("time", np.arange(5.0))}, {"time": dates})
            yield Case(f"calendar_{calendar}_{name}", dataset)
            yield Case(f"calendar_{calendar}_{name}_values", one(dates.values, ["t"]), x(chunks=(2,)))
    old = {"units": "days since 0001-01-01", "calendar": "standard"}
    yield Case("calendar_old_reference", one(np.array([730_121, 730_122]), **old))
    yield Case("calendar_old", one(np.array([100, 730_122]), **old))


def groups():
    grid = xr.Dataset(
        {"t": (("y", "x"), np.arange(6.0).reshape(2, 3), {"units": "K"}), "mask": ("x", [True, False, True])},
        {"lat": (("y", "x"), np.ones((2, 3))), "y": [10, 20], "height": 2.0},
        {"title": "grid", "nan": float("nan"), "levels": [1, 2.5], "deep": {"a": [None, True]}, "名": "日本"},
    )
    yield Case("coordinates", grid)
    yield Case("not_consolidated", grid, consolidated=False)
    alone = xr.Dataset(coords={"time": [1, 2], "run": 7}, attrs={"only": "coordinates"})
    yield Case("coordinates_alone", alone)
    yield Case("nothing", xr.Dataset(attrs={"a": 1}))


def sizes():
    yield Case("none", one(np.zeros((0,), "float32")))
    yield Case("none_of_three", one(np.zeros((2, 0, 3), "int16")))
    yield Case("none_of_rows", one(np.zeros((0, 3), "float64")))
    yield Case("five_dimensions", one(np.arange(32.0).reshape(2, 2, 2, 2, 2)), x(chunks=(1, 2, 1, 2, 1)))
    yield Case("one_chunk_larger", one(np.arange(3)), x(chunks=(10,)))
    dim = xr.Dataset({"x": ("empty", np.zeros(0))}, {"empty": np.zeros(0, "int64")})
    yield Case("none_labelled", dim)
