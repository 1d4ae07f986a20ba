"""Opens the tables of Delta Lake that nuthatch wrote, by deltalake, polars and DuckDB, each by a reader of its own."""

import datetime as dt
import decimal
import importlib.util
import math
import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
from deltalake import DeltaTable

daily, parted, none, without_columns, types = sys.argv[1:]

# DuckDB's own reader, which comes as a package.
package = Path(importlib.util.find_spec("duckdb_extension_delta").origin).parent
(extension,) = package.glob("extensions/*/delta.duckdb_extension")
duckdb.load_extension(str(extension))
duckdb.sql("SET TimeZone = 'UTC'")


def readers(path):
    """The rows of a table, as each reader has them: columns by name."""
    table = DeltaTable(path)
    yield "deltalake", table.to_pyarrow_table().to_pydict()
    yield "polars", pl.read_delta(path).to_dict(as_series=False)
    yield "duckdb", duckdb.sql(f"SELECT * FROM delta_scan('{path}')").to_arrow_table().to_pydict()


def rows(columns):
    return sorted(zip(*columns.values()), key=repr)


for name, read in readers(daily):
    days = read["date"]
    assert len(days) == 371 and len(set(days)) == 371, (name, len(days))
    rain = dict(zip(days, read["precipitation"]))
    assert sum(value == 99.5 for value in rain.values()) == 15, name
    assert rain[dt.date(2012, 1, 1)] == 99.5 and rain[dt.date(2013, 1, 5)] == 99.5, name
    assert rain[dt.date(2012, 12, 31)] == 0.0, name

# The log says what the columns of a file hold, and readers leave files out by it.
(action,) = pa.table(DeltaTable(daily).get_add_actions(flatten=True)).to_pylist()
assert action["num_records"] == 371, action
assert (action["min.date"], action["max.date"]) == (dt.date(2012, 1, 1), dt.date(2013, 1, 5)), action
assert (action["min.weather"], action["max.weather"]) == ("drizzle", "sun"), action
assert action["null_count.weather"] == action["null_count.precipitation"] == 0, action
assert action.get("min.precipitation") is None, action
last = DeltaTable(daily).to_pyarrow_table(filters=[("date", "=", dt.date(2013, 1, 5))])
assert last["precipitation"].to_pylist() == [99.5]
assert pl.scan_delta(daily).filter(pl.col("date") > dt.date(2012, 12, 31)).collect().height == 5

before = DeltaTable(daily, version=0).to_pyarrow_table().to_pydict()
assert len(before["date"]) == 366 and 99.5 not in before["precipitation"]
assert [entry["operation"] for entry in DeltaTable(daily).history()] == ["MERGE", "CREATE TABLE"]

table = DeltaTable(parted)
assert table.metadata().partition_columns == ["weather"]
for name, read in readers(parted):
    assert len(read["date"]) == 365, name
    assert set(read["weather"]) <= {"drizzle", "rain", "sun", "snow", "fog"}, name
rain = table.to_pyarrow_table(filters=[("weather", "=", "rain")])
assert 0 < rain.num_rows < 365 and set(rain["weather"].to_pylist()) == {"rain"}

for name, read in readers(none):
    assert list(read) == ["date", "precipitation", "temp_max", "weather"], name
    assert read["date"] == [], name

for name, read in readers(without_columns):
    assert read == {"_": [None, None, None]}, (name, read)

noon = dt.datetime(2012, 1, 1, 12)
utc = dt.timezone.utc
start = dt.datetime(1970, 1, 1)
expected = {
    "u8": [200, None, 0],
    "u64": [decimal.Decimal(2**64 - 1), None, decimal.Decimal(0)],
    "i64": [-(2**63), None, 2**63 - 1],
    "f32": [0.5, None, -math.inf],
    "flag": [True, None, False],
    "text": ["Ås", None, ""],
    "view": ["rain", None, "sun"],
    "word": ["rain", None, "sun"],
    "bytes": [b"\x01\xff", None, b"\0\0"],
    "decimal": [decimal.Decimal("123.45"), None, decimal.Decimal("-0.01")],
    "day": [dt.date(2012, 1, 1), None, dt.date(1969, 12, 31)],
    "naive": [noon, None, start],
    "utc": [noon.replace(tzinfo=utc), None, start.replace(tzinfo=utc)],
    "oslo": [noon.replace(tzinfo=utc), None, start.replace(tzinfo=utc)],
    "clock": [61, None, 0],
    "list": [[1, None], None, []],
    "inner": [{"x": 200}, {"x": None}, {"x": 7}],
    "nothing": [None, None, None],
    "a \"b'`;,.{}()=% 🌧️": [1, 2, 3],
}
for name, read in readers(types):
    assert list(read) == list(expected), (name, list(read))
    for column, values in expected.items():
        assert read[column] == values, (name, column, read[column], values)

print("all read alike")
