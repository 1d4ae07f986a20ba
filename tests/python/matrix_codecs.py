"""One array through every codec that xarray offers."""

import lzma

import numcodecs
import numpy as np
import zarr.codecs as v3

from matrix_values import Case, one, x

GRID = np.arange(60.0).reshape(6, 10)
WHOLE = np.arange(60).reshape(6, 10).astype("int32")
CUBE = np.arange(120).reshape(4, 5, 6).astype("int32") ** 2

BLOSC = "blosclz lz4 lz4hc zlib zstd".split()

# What is said of LZMA: formats, checks, filters of streams that do not name them.
DELTAS = [{"id": lzma.FILTER_DELTA, "dist": 8}, {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
LZMA = {
    "lzma": {},
    "lzma_unchecked": {"check": lzma.CHECK_NONE, "preset": 1},
    "lzma_sha256": {"check": lzma.CHECK_SHA256},
    "lzma_alone": {"format": lzma.FORMAT_ALONE},
    "lzma_raw": {"format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA2}]},
    "lzma_raw_delta": {"format": lzma.FORMAT_RAW, "filters": DELTAS},
    "lzma_raw_1": {"format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA1, "lc": 1, "pb": 0, "dict_size": 4096}]},
}


def cases(version):
    return [*(codecs_2() if version == 2 else codecs_3())]


def codecs_2():
    compressors = {
        "none": None,
        "zlib": numcodecs.Zlib(),
        "gzip": numcodecs.GZip(),
        "bz2": numcodecs.BZ2(),
        "zstd": numcodecs.Zstd(),
        "zstd_checked": numcodecs.Zstd(level=3, checksum=True),
        "lz4": numcodecs.LZ4(),
        "base64": numcodecs.Base64(),
        **{name: numcodecs.LZMA(**said) for name, said in LZMA.items()},
    }
    for name in BLOSC:
        for shuffle in (-1, 0, 1, 2):
            compressors[f"blosc_{name}_{shuffle}"] = numcodecs.Blosc(name, shuffle=shuffle)
    for name, compressor in compressors.items():
        encoding = {"compressors": [compressor] if compressor else None, "chunks": (4, 4)}
        yield Case(f"codec_{name}", one(GRID), x(**encoding))
        if name in ("zstd", "lz4", "zlib", "lzma", "lzma_raw"):
            yield Case(f"codec_{name}_text", one(np.array(["", "Elbe", "日本"], dtype=object)), x(**encoding | {"chunks": (2,)}))
    filters = {
        "delta": (numcodecs.Delta("<i4"), WHOLE),
        "shuffle": (numcodecs.Shuffle(4), WHOLE),
        "fixedscaleoffset": (numcodecs.FixedScaleOffset(0, 2, "<f8", "<i2"), GRID),
        "quantize": (numcodecs.Quantize(2, "<f8"), GRID),
        "bitround": (numcodecs.BitRound(30), GRID),
        "packbits": (numcodecs.PackBits(), WHOLE % 3 == 0),
        "astype": (numcodecs.AsType("<f4", "<f8"), GRID),
        "fletcher32": (numcodecs.Fletcher32(), WHOLE),
        "jenkins_lookup3": (numcodecs.JenkinsLookup3(), WHOLE),
        "jenkins_lookup3_from": (numcodecs.JenkinsLookup3(initval=2**32 - 3), WHOLE),
    }
    for location in (None, "start", "end"):
        for codec in (numcodecs.Adler32, numcodecs.CRC32, numcodecs.CRC32C):
            filters[f"{codec.codec_id}_{location}"] = (codec(location), WHOLE)
    for name, (codec, data) in filters.items():
        for compressed, compressor in {"": [numcodecs.Zstd()], "_alone": None}.items():
            encoding = {"filters": [codec], "compressors": compressor, "chunks": (4, 4)}
            yield Case(f"filter_{name}{compressed}", one(data), x(**encoding))
            yield Case(f"fortran_{name}{compressed}", one(data), x(**encoding), order="F")
    yield Case("fortran", one(WHOLE), x(compressors=[numcodecs.Zstd()], chunks=(4, 3)), order="F")
    delta = {"filters": [numcodecs.Delta("<i4")], "chunks": (3, 2, 4)}
    yield Case("fortran_cube", one(CUBE), x(**delta), order="F")
    scaled = numcodecs.FixedScaleOffset(250, 100, "<f8", "<i4")
    hole = np.full((5, 5), 7.0)
    hole[0, 0] = 300.0
    for order in "CF":
        filters = {"filters": [scaled, numcodecs.Delta("<i4")], "chunks": (2, 2), "_FillValue": 7.0}
        yield Case(f"filters_absent_{order}", one(hole), x(**filters), empty=False, order=order)
    many = [scaled, numcodecs.Delta("<i4", "<i2"), numcodecs.Shuffle(2)]
    for order in "CF":
        encoding = {"filters": many, "compressors": [numcodecs.LZ4()], "chunks": (4, 4)}
        yield Case(f"filters_in_a_row_{order}", one(GRID + 250), x(**encoding), order=order)
    large = np.array([2**53 + 1, -(2**62), 7, 2**40 - 1])
    yield Case("filter_delta_large", one(large), x(filters=[numcodecs.Delta("<i8")], compressors=None))
    scaled = numcodecs.FixedScaleOffset(2**24, 1, "<i8", "<i4")
    yield Case("filter_fixedscaleoffset_large", one(np.arange(2**24 + 1, 2**24 + 9)), x(filters=[scaled], compressors=None))
    big = numcodecs.FixedScaleOffset(0, 2, "<f8", ">i2")
    yield Case("filter_big_endian", one(GRID), x(filters=[big], compressors=[numcodecs.Zlib()], chunks=(4, 4)))
    narrow = numcodecs.Quantize(2, "<f8", "<f4")
    yield Case("filter_quantize_narrow", one(GRID), x(filters=[narrow], compressors=None, chunks=(4, 4)))


def codecs_3():
    compressors = {
        "none": None,
        "gzip": v3.GzipCodec(),
        "zstd": v3.ZstdCodec(level=5),
        "zstd_checked": v3.ZstdCodec(level=1, checksum=True),
        "crc32c": [v3.ZstdCodec(level=1), v3.Crc32cCodec()],
        "numcodecs.zlib": v3.Zlib(),
        "numcodecs.bz2": v3.BZ2(),
        "numcodecs.zstd": v3.Zstd(),
        "numcodecs.gzip": v3.GZip(),
        "numcodecs.blosc": v3.Blosc(cname="lz4"),
        "numcodecs.lz4": v3.LZ4(),
        **{f"numcodecs.{name}": v3.LZMA(**said) for name, said in LZMA.items()},
        "numcodecs.shuffle": [v3.Shuffle(elementsize=8), v3.ZstdCodec()],
        "numcodecs.adler32": v3.Adler32(),
        "numcodecs.crc32": v3.CRC32(),
        "numcodecs.crc32c": v3.CRC32C(),
        "numcodecs.fletcher32": v3.Fletcher32(),
        "numcodecs.jenkins_lookup3": v3.JenkinsLookup3(),
        "numcodecs.jenkins_lookup3_from": v3.JenkinsLookup3(initval=7),
        "numcodecs.crc32_end": v3.CRC32(location="end"),
        "numcodecs.crc32c_start": v3.CRC32C(location="start"),
        "numcodecs.adler32_end": v3.Adler32(location="end"),
    }
    for name in BLOSC:
        for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
            compressors[f"blosc_{name}_{shuffle}"] = v3.BloscCodec(cname=name, shuffle=shuffle)
    for name, codec in compressors.items():
        several = codec if isinstance(codec, list) or codec is None else [codec]
        yield Case(f"codec_{name}", one(GRID), x(compressors=several, chunks=(4, 4)))
    filters = {
        "numcodecs.delta": (v3.Delta(dtype="<i4"), WHOLE),
        "numcodecs.fixedscaleoffset": (v3.FixedScaleOffset(offset=0, scale=2, dtype="<f8", astype="<i2"), GRID),
        "numcodecs.quantize": (v3.Quantize(digits=2, dtype="<f8"), GRID),
        "numcodecs.astype": (v3.AsType(encode_dtype="<f4", decode_dtype="<f8"), GRID),
        "numcodecs.bitround": (v3.BitRound(keepbits=30), GRID),
        "numcodecs.packbits": (v3.PackBits(), WHOLE % 3 == 0),
    }
    turned = v3.TransposeCodec(order=(1, 0))
    yield Case("filter_transpose", one(GRID), x(filters=[turned], chunks=(4, 4)))
    yield Case("sharded_transpose", one(GRID), x(filters=[turned], chunks=(2, 5), shards=(6, 10)))
    for name, (codec, data) in filters.items():
        for place, several in {"": [codec], "_turned": [turned, codec]}.items():
            yield Case(f"filter_{name}{place}", one(data), x(filters=several, chunks=(4, 4)))
            yield Case(f"sharded_{name}{place}", one(data), x(filters=several, chunks=(2, 5), shards=(6, 10)))
    yield Case("big_endian", one(GRID), x(serializer=v3.BytesCodec(endian="big"), chunks=(4, 4)))
    checked = [v3.ZstdCodec(level=1), v3.Crc32cCodec()]
    yield Case("sharded", one(GRID), x(chunks=(2, 5), shards=(6, 10)))
    yield Case("sharded_edges", one(GRID), x(chunks=(2, 3), shards=(4, 6)))
    yield Case("sharded_checked", one(GRID), x(chunks=(2, 5), shards=(6, 10), compressors=checked))
    yield Case("sharded_int", one(WHOLE), x(chunks=(3, 5), shards=(6, 10), compressors=[v3.BloscCodec(cname="zstd")]))
    hole = np.full((8, 8), np.nan)
    hole[0, 0] = 1.0
    yield Case("sharded_absent", one(hole), x(chunks=(2, 2), shards=(4, 4), _FillValue=np.nan), empty=False)
