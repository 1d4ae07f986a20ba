"""Opens what nuthatch stored of each table, as four programs read it, and compares it with the file that nuthatch read.

The index names for each table: who wrote it, the file that was read, the folder that nuthatch wrote, and whether it is
partitioned. Rows of a partitioned table are compared in the order of `id`.
"""

import json
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from polars.testing import assert_frame_equal

from table_matrix import file_name, tables

known = {file_name(name): table for name, table in tables().items()}


def arrow(case, expected):
    """pyarrow reads the very types and values of the file."""
    if not case["partitioned"]:
        # Each file by name, and no partitions guessed from its path.
        read = pa.concat_tables([pq.read_table(file, partitioning=None) for file in case["files"]])
    else:
        hive = ds.partitioning(pa.schema([("part", pa.string())]), flavor="hive")
        read = ds.dataset(case["folder"], partitioning=hive).to_table().sort_by("id")
        read = read.select(expected.column_names)
        expected = expected.set_column(1, "part", expected["part"].cast(pa.string()))
    assert read.schema.equals(expected.schema), (case, read.schema, expected.schema)
    # By text: a NaN is no other NaN to Arrow.
    assert read.to_pylist().__repr__() == expected.to_pylist().__repr__(), (case, read, expected)


def polars(case):
    expected = pl.read_parquet(case["read"])
    if not case["partitioned"]:
        read = pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in case["files"]])
    else:
        # The folder and no pattern, below which polars looks for partitions in the whole path: the folder of an
        # entry is named by its arguments, as in `path=…`.
        read = pl.read_parquet(case["folder"], hive_partitioning=True, hive_schema={"part": pl.String})
        read = read.sort("id").select(expected.columns)
    assert_frame_equal(read, expected)


def pandas(case):
    if case["partitioned"]:
        return
    expected = pd.read_parquet(case["read"], dtype_backend="pyarrow")
    read = pd.concat([pd.read_parquet(file, dtype_backend="pyarrow", partitioning=None) for file in case["files"]])
    pd.testing.assert_frame_equal(read, expected)


def duck(case):
    connection = duckdb.connect()
    options = "hive_partitioning = true, hive_types_autocast = false" if case["partitioned"] else "hive_partitioning = false"
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in case["files"])
    nuthatch = f"(SELECT * FROM read_parquet([{files}], {options}))"
    original = f"(SELECT * FROM read_parquet('{case['read']}', hive_partitioning = false))"
    types = lambda what: dict(r[:2] for r in connection.execute(f"DESCRIBE SELECT * FROM {what}").fetchall())
    # DuckDB takes the arguments in the path of a partitioned entry for partitions, too.
    read = {name: kind for name, kind in types(nuthatch).items() if name in types(original)}
    assert read == types(original), (case, read, types(original))
    # As text: times with zones would need one more package, and say no more.
    names = ", ".join('"' + name.replace('"', '""') + '"::VARCHAR' for name in types(original))
    rows = lambda what: connection.execute(f"SELECT {names} FROM {what} ORDER BY id").fetchall()
    assert repr(rows(nuthatch)) == repr(rows(original)), (case, rows(nuthatch), rows(original))


cases = json.load(open(sys.argv[1]))
assert len(cases) == 2 * 4 * len(known), len(cases)
for case in cases:
    of_file = pq.read_table(case["read"], partitioning=None)
    if case["writer"] == "pyarrow":
        # What was written is what the matrix holds, and so is what nuthatch made of it.
        made = known[case["read"].rsplit("/", 1)[1]]
        assert repr(of_file.to_pylist()) == repr(made.to_pylist()) and of_file.schema.equals(made.schema), case
    if case["partitioned"] and of_file.num_rows == 0:
        # Without rows there is no partition whose folder could name the column.
        continue
    arrow(case, of_file)
    polars(case)
    pandas(case)
    duck(case)
print(len(cases), "tables are equal")
