"""Writes the tables of the matrix as tables of Delta Lake, as far as it holds them, each in three versions: rows, more
rows, and a row less."""

import sys
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from table_matrix import file_name, tables

root = Path(sys.argv[1])

# Without a counterpart in Delta, or with less of one.
LACKING = {"u8", "u16", "u32", "u64", "ns", "time"}

for name, table in tables().items():
    if name in ("dictionaries", "no rows"):
        continue
    table = table.select([column for column in table.column_names if column not in LACKING])
    path = str(root / file_name(name).removesuffix(".parquet"))
    write_deltalake(path, table)
    count = table.num_rows
    more = table.set_column(0, "id", pa.array(range(count, 2 * count), pa.int64()))
    write_deltalake(path, more, mode="append")
    DeltaTable(path).delete(f"id = {count + 1}")
    assert DeltaTable(path).to_pyarrow_table().num_rows == 2 * count - 1, path
