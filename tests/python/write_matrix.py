"""Writes stores as xarray writes them, and what xarray reads from each: `manifest.json`.

`write_matrix.py FOLDER STORE…`: the stores that are named are read beside those that are made.
`--only=WORD,WORD` makes those alone whose names hold one of the words.
"""

import json
import math
import struct
import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

import matrix_codecs
import matrix_values

warnings.simplefilter("ignore")
root, *stores = [argument for argument in sys.argv[1:] if not argument.startswith("--only=")]
root = Path(root)
only = [word for argument in sys.argv if argument.startswith("--only=") for word in argument[7:].split(",")]
cases = []


def shown(array):
    """Values as text that both sides make alike."""
    flat = array.values.reshape(-1)
    kind = flat.dtype.kind
    if kind == "M":
        return [None if np.isnat(x) else nanoseconds(np.datetime_as_string(x)) for x in flat]
    if kind == "m":
        return [None if np.isnat(x) else int(x.astype("timedelta64[ns]").astype("int64")) for x in flat]
    if kind == "O" and len(flat) and any(hasattr(x, "isoformat") for x in flat):
        return [nanoseconds(x.isoformat()) if hasattr(x, "isoformat") else None for x in flat]
    if kind == "S":
        return [x.decode() for x in flat]
    if kind in "UOT":
        return [str(x) for x in flat]
    if kind == "f":
        return ["nan" if np.isnan(x) else struct.pack(">d", x).hex() for x in flat]
    return [int(x) for x in flat]


def nanoseconds(text):
    seconds, _, fraction = text.partition(".")
    return f"{seconds}.{fraction:0<9}"


def plain(value):
    """Attributes as JSON that has no NaN."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


def add(name, path, **opening):
    read = xr.open_zarr(path, **opening)
    arrays = {}
    for key, array in read.variables.items():
        arrays[str(key)] = {
            "dims": list(array.dims),
            "shape": list(array.shape),
            "kind": array.dtype.kind,
            "dtype": array.dtype.name,
            "values": shown(array),
            "coord": key in read.coords,
            "attrs": plain(array.attrs),
        }
    read.load()
    for key in read.data_vars:
        arrays[str(key)]["printed"] = repr(read[key])
    printed = {"printed": repr(read), "printed_unread": repr(xr.open_zarr(path, chunks=None, **opening))}
    cases.append({"name": name, "path": str(path), "arrays": arrays, "attrs": plain(read.attrs), **printed})


for version in (2, 3):
    for made in matrix_values.cases(version) + matrix_codecs.cases(version):
        name = f"{made.name}_v{version}"
        if only and not any(word in name for word in only):
            continue
        path = root / f"{name}.zarr"
        how = {"zarr_format": version, "consolidated": made.consolidated}
        with zarr.config.set({"array.order": made.order}):
            made.dataset.to_zarr(path, encoding=made.encoding, mode="w", write_empty_chunks=made.empty, **how)
        add(name, path, **how)

for store in stores:
    add(Path(store).stem, store)

(root / "manifest.json").write_text(json.dumps(cases, allow_nan=False))
