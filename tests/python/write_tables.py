"""Writes the tables of the matrix as pyarrow, pandas, polars and DuckDB write them unless they are told otherwise."""

import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from table_matrix import file_name, tables

root = Path(sys.argv[1])


def to_pandas(table):
    # Arrow's types beneath: numpy's hold no missing integer, and no decimals.
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype)


def write(writer, name, table):
    path = root / writer / file_name(name)
    path.parent.mkdir(exist_ok=True)
    if writer == "pyarrow":
        pq.write_table(table, path)
        column = pq.read_metadata(path).row_group(0).column(0)
        assert column.compression == "SNAPPY", (path, column)
    elif writer == "pandas":
        to_pandas(table).to_parquet(path)
    elif writer == "polars":
        pl.from_arrow(table).write_parquet(path)
    else:
        duckdb.connect().execute("SET TimeZone = 'UTC'").register("t", table).execute(
            f"COPY (SELECT * FROM t ORDER BY id) TO '{path}' (FORMAT parquet)"
        )


for name, table in tables().items():
    for writer in ("pyarrow", "pandas", "polars", "duckdb"):
        write(writer, name, table)
print(pa.__version__)
