"""Tables of every kind of column, for what is written and what is compared with it."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa

UTC = dt.timezone.utc


def tables():
    """Name to table. Each has `id`, in order, and `part`, to be partitioned by."""
    far = np.iinfo("int64")
    columns = {
        "integers": {
            "i8": pa.array([-128, None, 127, 0], pa.int8()),
            "i16": pa.array([-32768, None, 32767, 0], pa.int16()),
            "i32": pa.array([-(2**31), None, 2**31 - 1, 0], pa.int32()),
            "i64": pa.array([far.min, None, far.max, 2**53 + 1], pa.int64()),
            "u8": pa.array([0, None, 255, 1], pa.uint8()),
            "u16": pa.array([0, None, 65535, 1], pa.uint16()),
            "u32": pa.array([0, None, 2**32 - 1, 1], pa.uint32()),
            "u64": pa.array([0, None, 2**64 - 1, 2**53 + 1], pa.uint64()),
        },
        "floats": {
            "f32": pa.array([float("nan"), float("inf"), -0.0, None], pa.float32()),
            "f64": pa.array([float("nan"), float("-inf"), 1e-308, None], pa.float64()),
        },
        "truths": {"bool": pa.array([True, None, False, True])},
        "decimals": {
            "small": pa.array([Decimal("1.50"), None, Decimal("-9.99"), Decimal("0.00")], pa.decimal128(5, 2)),
            "large": pa.array([Decimal(10) ** 27 / 7, None, -(Decimal(10) ** 27), Decimal(0)], pa.decimal128(38, 10)),
        },
        "texts": {
            "text": pa.array(["", None, "雨 🌧 Ås", 'quote " and , comma\n']),
            "large": pa.array(["", None, "é", "z" * 1000], pa.large_string()),
            "bytes": pa.array([b"", None, b"\x00\xff", b"abc"], pa.binary()),
        },
        "dictionaries": {
            "word": pa.array(["wet", None, "dry", "wet"]).dictionary_encode(),
        },
        "times": {
            "day": pa.array([dt.date(1, 1, 1), None, dt.date(9999, 12, 31), dt.date(1970, 1, 1)]),
            "ms": pa.array([0, None, -1, 253402300799999], pa.timestamp("ms")),
            "us": pa.array([0, None, -1, 253402300799999999], pa.timestamp("us")),
            "ns": pa.array([0, None, -1, 1_700_000_000_123_456_789], pa.timestamp("ns")),
            "utc": pa.array([0, None, -1, 1_700_000_000_123_456], pa.timestamp("us", "UTC")),
            "oslo": pa.array([0, None, -1, 1_700_000_000_123_456], pa.timestamp("us", "Europe/Oslo")),
            "time": pa.array([dt.time(0), None, dt.time(23, 59, 59, 999999), dt.time(1)], pa.time64("us")),
        },
        "nested": {
            "list": pa.array([[1, None], None, [], [3]], pa.list_(pa.int64())),
            "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "é"}, {"a": 2, "b": None}]),
            "lists": pa.array([[["a"], []], None, [None], []], pa.list_(pa.list_(pa.string()))),
        },
        'odd "names" 🌧': {"select": pa.array([1, 2, 3, 4]), 'a"b': pa.array([1, 2, 3, 4]), "🌧": pa.array([1, 2, 3, 4])},
    }
    rows = {
        "id": pa.array([0, 1, 2, 3], pa.int64()),
        "part": pa.array(["a", "b c", "a", "ø=1/2"]),
    }
    made = {name: pa.table(rows | more) for name, more in columns.items()}
    made["no rows"] = made["integers"].slice(0, 0)
    made["counters and clocks"] = counters(8000)
    return made


def counters(count):
    """Numbers and times of which hardly any comes twice: nuthatch encodes them in other ways than the rest."""
    n = np.arange(count)
    missing = n % 97 == 5
    numbers = {"i32": pa.int32(), "i64": pa.int64(), "u32": pa.uint32(), "u64": pa.uint64()}
    columns = {name: pa.array(n * 3 + 7, kind, mask=missing) for name, kind in numbers.items()}
    columns["down"] = pa.array(np.iinfo("int64").max - n * n)
    columns["noise"] = pa.array(np.sin(n), mask=missing)
    columns["day"] = pa.array(n.astype("int32"), pa.date32(), mask=missing)
    for unit, start in {"ms": 1_700_000_000_000, "us": -4_000_000_000, "ns": 1_700_000_000_123_456_789}.items():
        columns[unit] = pa.array(start + n * 1_000_000, pa.timestamp(unit, "UTC"), mask=missing)
    columns["time"] = pa.array(n * 1_000_001, pa.time64("us"), mask=missing)
    parts = np.array(["a", "b c", "a", "ø=1/2"])
    return pa.table({"id": pa.array(n), "part": pa.array(parts[n % 4])} | columns)


def file_name(name):
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name) + ".parquet"
