"""Opens what nuthatch made of stores, `[{"name", "original", "copies"}]`, and compares: the
copies are of version 2 and of version 3.

Values, coordinates, attributes, types and calendars must be those of the original, and zarr-python
must read every raw array as xarray does.
"""

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

warnings.simplefilter("ignore")
wrong = []


def as_text(dataset):
    """Text of a fixed number of bytes is text to nuthatch, and however text is stored, it is text."""
    changed = {}
    for name, array in dataset.variables.items():
        if array.dtype.kind == "S":
            changed[name] = (array.dims, np.char.decode(array.values, "utf-8"), array.attrs)
    return dataset.assign(changed) if changed else dataset


def without_nan(dataset):
    """Attributes that JSON has no number for are text, in nuthatch and in what it stores."""

    def plain(value):
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        if isinstance(value, float) and not math.isfinite(value):
            return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        return value

    for having in [dataset, *dataset.variables.values()]:
        having.attrs = {key: plain(value) for key, value in having.attrs.items()}
    return dataset


def is_text(dtype):
    return dtype.kind in "UST" or dtype == object


def same_types(copy, original):
    for name, array in original.variables.items():
        found = copy[name].dtype
        if is_text(array.dtype) and is_text(found):
            kinds = {type(x).__name__ for x in array.values.reshape(-1)} - {"str", "str_", "float"}
            mine = {type(x).__name__ for x in copy[name].values.reshape(-1)} - {"str", "str_", "float"}
            assert kinds == mine, f"{name} holds {mine}, not {kinds}"
        else:
            assert found == array.dtype, f"{name} is {found}, not {array.dtype}"
        calendar = array.encoding.get("calendar")
        if calendar and array.dtype == object:
            assert copy[name].encoding.get("calendar") == calendar, f"the calendar of {name}"


def raw(path, version):
    group = zarr.open_group(path, mode="r", zarr_format=version)
    undecoded = xr.open_zarr(path, chunks=None, decode_cf=False, zarr_format=version, consolidated=True)
    for name, array in group.arrays():
        elements = np.asarray(array[...])
        np.testing.assert_array_equal(elements.astype(undecoded[name].dtype), undecoded[name].values, name)
        assert array.shape == undecoded[name].shape
    assert {name for name, _ in group.arrays()} == set(undecoded.variables)


def compare(original, path, version):
    copy = xr.open_zarr(path, chunks=None, zarr_format=version, consolidated=True).load()
    xr.testing.assert_identical(copy, original)
    same_types(copy, original)
    raw(path, version)


for case in json.loads(Path(sys.argv[1]).read_text()):
    original = without_nan(as_text(xr.open_zarr(case["original"], chunks=None).load()))
    for path, version in zip(case["copies"], (2, 3), strict=True):
        try:
            compare(original, path, version)
        except Exception as error:
            wrong.append(f"{case['name']} as version {version}: {type(error).__name__} {error}")

print(f"{len(wrong)} differ\n" + "\n".join(wrong))
sys.exit(bool(wrong))
