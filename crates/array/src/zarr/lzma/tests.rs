//! What Python's `lzma` wrote: `lzma.compress(TEXT, format=…, …)`.

use data_encoding::HEXLOWER;
use serde_json::json;

use super::*;

const TEXT: &[u8] = b"Elbe, Havel, Elbe, Havel, Elbe, Havel";

const XZ: &str = "fd377a585a000004e6d6b4460200210116000000742fe5a3e0002400145d00229b08466f20b1f0374d83\
                  25b99d588db9280000000b427aed394ce5a9000130259f57c4b41fb6f37d010000000004595a";

/// Checked by SHA-256.
const XZ_SHA: &str = "fd377a585a00000ae1fb0ca10200210116000000742fe5a3e0002400145d00229b08466f20b1f0374d\
                      8325b99d588db9280000008de8c4eb18599c1c889f27af40fcedce443975d93bd0d78f1ed8ada7\
                      abad690b0001482561a42253189b4b9a01000000000a595a";

/// With a dictionary of 1 GiB.
const XZ_LARGE: &str = "fd377a585a000004e6d6b44602002101240000005e1fc7f9e0002400145d00229b08466f20b1f037\
                        4d8325b99d588db9280000000b427aed394ce5a9000130259f57c4b41fb6f37d010000000004595a";

const ALONE: &str =
    "5d00008000ffffffffffffffff00229b08466f20b1f0374d8325b99d588dd5765ffffff2b7b000";

/// Two filters of differences, and LZMA2.
const RAW: &str = "e0002400185d002289d22dc6c0401d6c406e912366ff6077838e8eb494000000";

/// LZMA1 whose bits are 2, 1 and 0.
const RAW_1: &str = "00229be1709bf64ec129de841b42def038a2a3041fffde07c000";

fn streams() -> Vec<(Lzma, Vec<u8>)> {
    let deltas = json!([{"id": 3, "dist": 2}, {"id": 3}, {"id": 33, "preset": 1}]);
    let lzma1 = json!([{"id": 0x4000_0000_0000_0001_u64, "lc": 2, "lp": 1, "pb": 0}]);
    let said = [
        (json!({"format": 1, "check": -1, "preset": null, "filters": null}), XZ),
        (json!({}), XZ_SHA),
        (json!({"format": 2}), ALONE),
        (json!({"format": 3, "filters": deltas}), RAW),
        (json!({"format": 3, "filters": lzma1}), RAW_1),
    ];
    let stream = |(said, hex): (Value, &str)| {
        let lzma = Lzma::of(said.as_object().expect("an object")).expect("it is known");
        (lzma, HEXLOWER.decode(hex.as_bytes()).expect("it is hexadecimal"))
    };
    said.map(stream).into()
}

#[test]
fn every_format_is_read() {
    for (lzma, stream) in streams() {
        for most in [None, Some(TEXT.len() as u64), Some(1 << 40)] {
            assert_eq!(lzma.unpack(&stream, most).as_deref(), Ok(TEXT), "{lzma:?} {most:?}");
        }
    }
}

#[test]
fn a_stream_that_is_cut_short_or_holds_more_than_it_should_is_an_error() {
    for (lzma, stream) in streams() {
        for length in 0..stream.len() {
            let cut = lzma.unpack(&stream[..length], None);
            // The last bytes of a range coder may be of no use to anyone.
            let whole = length + 2 > stream.len() && lzma != Lzma::Xz;
            assert!(cut.is_err() || whole && cut.as_deref() == Ok(TEXT), "{lzma:?} at {length}");
        }
        let long = [stream.as_slice(), &[7; 9]].concat();
        let more = lzma.unpack(&long, None);
        assert!(more.is_err() || more.as_deref() == Ok(TEXT), "{lzma:?}: {more:?}");
        let most = lzma.unpack(&stream, Some(TEXT.len() as u64 - 1)).unwrap_err();
        assert!(most.contains("more than 36 bytes"), "{most}");
    }
}

#[test]
fn every_flipped_bit_of_what_has_checksums_is_an_error() {
    for (lzma, stream) in streams() {
        for at in 0..8 * stream.len() {
            let mut flipped = stream.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let unpacked = lzma.unpack(&flipped, Some(100));
            let told = unpacked.as_ref().map_or(true, |bytes| bytes.len() <= 100);
            assert!(told, "{lzma:?} at {at}");
            assert!(unpacked.is_err() || lzma != Lzma::Xz, "{at}");
        }
    }
}

#[test]
fn a_stream_that_asks_for_much_memory_is_refused() {
    let large = HEXLOWER.decode(XZ_LARGE.as_bytes()).expect("it is hexadecimal");
    let error = Lzma::Xz.unpack(&large, Some(TEXT.len() as u64)).unwrap_err();
    assert!(error.contains("memory"), "{error}");
}

#[test]
fn what_is_not_said_right_is_not_known() {
    for said in [
        json!({"format": 0}),
        json!({"format": "xz"}),
        json!({"format": 3}),
        json!({"format": 3, "filters": []}),
        json!({"format": 3, "filters": [{"id": 3, "dist": 1}]}),
        json!({"format": 3, "filters": [{"id": 4}, {"id": 33}]}),
        json!({"format": 3, "filters": [{"id": 3, "dist": 257}, {"id": 33}]}),
        json!({"format": 3, "filters": [{"id": 33, "dict_size": 1_u64 << 32}]}),
        json!({"format": 3, "filters": [{"id": 33}, {"id": 33}]}),
        json!({"format": 3, "filters": [{"id": 3}, {"id": 3}, {"id": 3}, {"id": 3}, {"id": 33}]}),
    ] {
        assert_eq!(Lzma::of(said.as_object().expect("an object")), None, "{said}");
    }
    // What liblzma alone knows to be wrong.
    for filter in [
        json!({"id": 33, "preset": 10}),
        json!({"id": 0x4000_0000_0000_0001_u64, "lc": 5}),
        json!({"id": 0x4000_0000_0000_0001_u64, "pb": u32::MAX}),
    ] {
        let said = json!({"format": 3, "filters": [filter]});
        let lzma = Lzma::of(said.as_object().expect("an object")).expect("it is read");
        assert!(lzma.unpack(&[0; 20], Some(9)).is_err(), "{said}");
    }
}
