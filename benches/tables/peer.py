"""Does what the bench `tables` does, through pyarrow, pandas and deltalake: one thing a line of input."""

import shutil
import sys
import warnings
from functools import cache
from pathlib import Path

import numpy
import pandas
import pyarrow
import pyarrow.parquet as parquet
from deltalake import DeltaTable, WriterProperties, write_deltalake

warnings.simplefilter("ignore")
root, count, level, group, server = Path(sys.argv[1]), *map(int, sys.argv[2:5]), sys.argv[5]
options = {"compression": "zstd", "compression_level": level, "row_group_size": group}
properties = WriterProperties(compression="ZSTD", compression_level=level, max_row_group_size=group)


@cache
def frame():
    n = numpy.arange(count)
    words = numpy.array(["sun", "rain", "drizzle", "fog", "snow"])
    times = pandas.Timestamp("2008-01-01") + pandas.to_timedelta(n, unit="min")
    columns = {"n": n, "x": numpy.sin(n), "y": n / 3, "weather": words[n % 5], "time": times.astype("datetime64[us]")}
    return pandas.DataFrame(columns)


@cache
def table():
    return pyarrow.Table.from_pandas(frame(), preserve_index=False)


def in_parquet(what, how):
    path = root / f"{how}.parquet"
    if what == "store" and how == "pyarrow":
        parquet.write_table(table(), path, **options)
    elif what == "store":
        frame().to_parquet(path, engine="pyarrow", **options)
    elif how == "pyarrow":
        assert parquet.read_table(path).num_rows == count
    else:
        assert len(pandas.read_parquet(path, engine="pyarrow")) == count


def in_delta(what):
    path = root / "python.delta"
    if what == "store":
        shutil.rmtree(path, ignore_errors=True)
        write_deltalake(path, table(), writer_properties=properties)
    else:
        assert DeltaTable(path).to_pyarrow_table().num_rows == count


@cache
def engine():
    import sqlalchemy

    return sqlalchemy.create_engine(server.replace("postgresql://", "postgresql+psycopg://", 1))


def in_sql(few):
    frame()[: int(few)].to_sql("pandas", engine(), if_exists="replace", index=False)


THINGS = {"rows": lambda: table(), "parquet": in_parquet, "delta": in_delta, "sql": in_sql}

for line in sys.stdin:
    what, *how = line.split()
    THINGS[what](*how)
    print("done", flush=True)
