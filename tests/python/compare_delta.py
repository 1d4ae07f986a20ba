"""Compares tables three by three: of Delta Lake by deltalake, and as nuthatch has stored their rows in Delta and in
Parquet."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable


def rows(table):
    # By text: a NaN is no other NaN to Python.
    return [repr(row) for row in table.sort_by("id").to_pylist()]


def of_delta(path):
    return rows(DeltaTable(path).to_pyarrow_table())


def of_files(path):
    files = sorted(Path(path).rglob("*.parquet"))
    return rows(pa.concat_tables([pq.read_table(file, partitioning=None) for file in files]))


paths = sys.argv[1:]
for theirs, delta, parquet in zip(paths[::3], paths[1::3], paths[2::3]):
    expected = of_delta(theirs)
    assert of_delta(delta) == expected, (theirs, of_delta(delta), expected)
    assert of_files(parquet) == expected, (theirs, of_files(parquet), expected)
print(len(paths) // 3, "tables are equal")
