"""Does what the bench `remote` does, through s3fs, pandas and xarray: one thing a line of input."""

import sys
import warnings
from functools import cache

import numpy as np
import pandas
import s3fs
import xarray as xr
import zarr.codecs as codecs

warnings.simplefilter("ignore")
endpoint, bucket, key = sys.argv[1:]
options = {"key": key, "secret": key, "endpoint_url": endpoint, "client_kwargs": {"region_name": "us-east-1"}}
files = s3fs.S3FileSystem(**options)
checked = [codecs.ZstdCodec(level=1), codecs.Crc32cCodec()]
cube = f"s3://{bucket}/python.zarr"


def get(path):
    files.cat_file(f"{bucket}/{path}")


@cache
def entries(folder):
    return files.find(f"{bucket}/{folder}/entries")


def many(tasks, folder):
    found = entries(folder)
    assert len(found) == 1000, len(found)
    files.cat(found, batch_size=int(tasks))


def table(path):
    assert len(pandas.read_parquet(f"s3://{bucket}/{path}", storage_options=options)) == 100_000


@cache
def dataset(days):
    noise = np.random.default_rng(1).integers(0, 1024, (days, 181, 360)) / 1024
    t = 280 + 10 * np.sin(np.arange(days) / 58)[:, None, None]
    values = t + 0.1 * np.arange(181)[:, None] + 0.01 * np.arange(360) + noise
    return xr.Dataset({"t": (("time", "y", "x"), values.astype("float32"))})


def store(_, days):
    encoding = {"t": {"compressors": checked, "chunks": (31, 181, 360)}}
    made = dataset(int(days))
    made.to_zarr(cube, mode="w", zarr_format=3, encoding=encoding, storage_options=options)


def recall(_):
    xr.open_zarr(cube, chunks=None, storage_options=options)["t"].load()


THINGS = {"get": get, "many": many, "table": table, "store": store, "recall": recall}

for line in sys.stdin:
    what, *how = line.split()
    THINGS[what](*how)
    print("done", flush=True)
