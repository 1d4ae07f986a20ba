//! Decoding as xarray 2026.9 with cftime 1.6 does it: the expected values are theirs, read from a
//! Zarr store of these elements and attributes.

use serde_json::json;

use super::decoded;
use crate::{Calendar, DType, TimeUnit, Values, Variable};

fn decode(values: impl Into<Values>, attrs: serde_json::Value) -> Variable {
    let mut stored = Variable::new(["x"], values);
    stored.attrs = attrs.as_object().expect("attributes").clone();
    decoded("v", stored).unwrap_or_else(|error| panic!("{error}"))
}

fn floats(variable: &Variable) -> Vec<f64> {
    variable.read_blocking().unwrap().to_f64().unwrap().iter().copied().collect()
}

fn shown(variable: &Variable) -> Vec<String> {
    let values = variable.read_blocking().unwrap();
    (0..values.len()).map(|at| values.shown(&[at])).collect()
}

#[test]
fn a_scale_of_any_kind_makes_float64() {
    let scale = json!({"scale_factor": 0.01});
    let both = json!({"scale_factor": 0.01, "add_offset": 273.15});
    let small = decode(vec![1_i16, -1, 300], scale.clone());
    assert_eq!((small.dtype(), floats(&small)), (DType::F64, vec![0.01, -0.01, 3.0]));
    let offset = decode(vec![1_i16, -1, 300], both);
    assert_eq!(floats(&offset), [273.15999999999997, 273.14, 276.15]);
    let float = decode(vec![1_f32, -1.0, 300.0], scale);
    assert_eq!((float.dtype(), floats(&float)), (DType::F64, vec![0.01, -0.01, 3.0]));
    let marked = json!({"scale_factor": 0.5, "add_offset": 0.1, "_FillValue": "NaN"});
    let marked = decode(vec![1_f32, f32::NAN], marked);
    assert_eq!(marked.dtype(), DType::F32);
    assert!(floats(&marked)[0] == f64::from(0.5_f32 + 0.1) && floats(&marked)[1].is_nan());
}

#[test]
fn what_is_missing_makes_the_least_float_that_holds_the_rest() {
    let attrs = json!({"missing_value": -1});
    let small = decode(vec![1_i16, -1, 300], attrs.clone());
    assert_eq!(small.dtype(), DType::F32);
    assert!(floats(&small)[1].is_nan() && floats(&small)[2] == 300.0);
    assert_eq!(decode(vec![1_i32, -1, 300], attrs).dtype(), DType::F64);
}

#[test]
fn integers_of_the_other_sign_stay_integers() {
    let unsigned = decode(vec![1_i8, -1, -2], json!({"_Unsigned": "true"}));
    assert_eq!((unsigned.dtype(), floats(&unsigned)), (DType::U8, vec![1.0, 255.0, 254.0]));
    let signed = decode(vec![1_u8, 255, 254], json!({"_Unsigned": "false"}));
    assert_eq!((signed.dtype(), floats(&signed)), (DType::I8, vec![1.0, -1.0, -2.0]));
}

#[test]
fn a_fill_value_is_missing_under_the_other_sign_too() {
    let attrs = json!({"_Unsigned": "true", "_FillValue": -1});
    let filled = decode(vec![1_i8, -1, -2], attrs);
    assert_eq!(filled.dtype(), DType::F32);
    assert!(floats(&filled)[1].is_nan());
    assert_eq!(floats(&filled)[2], 254.0);
    let scaled = json!({"_Unsigned": "true", "_FillValue": -1, "scale_factor": 0.5});
    let scaled = decode(vec![1_i8, -1, -2], scaled);
    assert!(floats(&scaled)[1].is_nan());
    assert_eq!((floats(&scaled)[0], floats(&scaled)[2]), (0.5, 127.0));
}

#[test]
fn floats_that_only_nan_marks_are_not_copied() {
    let stored = Values::from(vec![1_f32, f32::NAN]);
    let crate::Values::F32(before) = &stored else { panic!("float32") };
    let first = before.as_ptr();
    let values = decode(stored.clone(), json!({"_FillValue": "NaN"})).values::<f32>().unwrap();
    assert_eq!(values.as_ptr(), first);
}

#[test]
fn times_before_the_reform_are_of_the_calendar_that_the_file_names() {
    let of = |calendar: &str, days: i64| {
        let units = "days since 2000-01-01";
        decode(vec![days, 5], json!({"units": units, "calendar": calendar}))
    };
    let early = of("standard", -200_000);
    let unit = TimeUnit::Microsecond;
    assert_eq!(early.dtype(), DType::Datetime { unit, calendar: Calendar::Standard });
    assert_eq!(shown(&early), ["1452-05-24T00:00:00", "2000-01-06T00:00:00"]);
    assert_eq!(shown(&of("standard", -600_000))[0], "0357-04-03T00:00:00");
    assert_eq!(shown(&of("proleptic_gregorian", -200_000))[0], "1452-06-02T00:00:00");
    assert_eq!(shown(&of("proleptic_gregorian", -600_000))[0], "0357-04-04T00:00:00");
    let late = of("standard", 0).dtype();
    let calendar = Calendar::ProlepticGregorian;
    assert_eq!(late, DType::Datetime { unit: TimeUnit::Nanosecond, calendar });
}

#[test]
fn parts_of_a_unit_are_cut_off_and_zones_are_taken_off() {
    let nanoseconds = |values: Vec<f64>, units: &str| {
        decode(values, json!({"units": units}))
            .values::<i64>()
            .unwrap()
            .iter()
            .copied()
            .collect::<Vec<_>>()
    };
    let start = 946_684_800_000_000_000;
    let seconds = nanoseconds(vec![0.1, 1.7e-9, 2.5e-9], "seconds since 2000-01-01");
    assert_eq!(seconds, [start + 100_000_000, start + 1, start + 2]);
    let days = nanoseconds(vec![54789.123456789, f64::NAN], "days since 1850-01-01");
    assert_eq!(days, [946_954_666_666_569_728, crate::NAT]);
    for (zone, minutes) in [("+02:00", -120), ("+0230", -150), ("-2:30", 150), ("UTC", 0)] {
        let units = format!("hours since 2000-01-01 00:00:00 {zone}");
        assert_eq!(nanoseconds(vec![0.0], &units), [start + minutes * 60_000_000_000], "{zone}");
    }
}

#[test]
fn months_are_counted_where_all_have_thirty_days() {
    let attrs = json!({"units": "months since 2000-01-01", "calendar": "360_day"});
    assert_eq!(shown(&decode(vec![0, 1], attrs)), ["2000-01-01T00:00:00", "2000-02-01T00:00:00"]);
    let noleap = json!({"units": "days since 2000-01-01", "calendar": "noleap"});
    assert_eq!(shown(&decode(vec![365.123456789], noleap))[0], "2001-01-01T02:57:46.66657");
    let months = json!({"units": "months since 2000-01-01"});
    assert_eq!(decode(vec![0, 1], months).dtype(), DType::I32, "left as it is");
}

#[test]
fn times_of_an_early_reference_that_are_late_are_numpys() {
    let attrs = json!({"units": "days since 0001-01-01", "calendar": "standard"});
    let late = decode(vec![730_121, 730_122], attrs);
    let calendar = Calendar::ProlepticGregorian;
    assert_eq!(late.dtype(), DType::Datetime { unit: TimeUnit::Nanosecond, calendar });
    assert_eq!(shown(&late)[0], "2000-01-01T00:00:00");
}

/// The same elements, not read yet.
fn lazily(values: Values, attrs: serde_json::Value) -> Variable {
    #[derive(Debug)]
    struct Later(Values, Vec<u64>);
    impl crate::Source for Later {
        fn dtype(&self) -> DType {
            self.0.dtype()
        }
        fn shape(&self) -> &[u64] {
            &self.1
        }
        fn chunk_shape(&self) -> &[u64] {
            &self.1
        }
        fn read<'a>(
            &'a self,
            region: &'a crate::Region,
        ) -> futures::future::BoxFuture<'a, nuthatch_core::Result<Values>> {
            Box::pin(async move { Ok(self.0.slice(&region.slices())) })
        }
    }
    let shape = vec![values.len() as u64];
    let mut stored = Variable::lazy(["x"], std::sync::Arc::new(Later(values, shape))).unwrap();
    stored.attrs = attrs.as_object().expect("attributes").clone();
    decoded("v", stored).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn times_that_are_not_read_yet_may_lie_on_both_sides_of_the_reform() {
    let attrs = json!({"units": "days since 2000-01-01", "calendar": "standard"});
    let mixed = lazily(vec![-200_000_i64, 5].into(), attrs.clone());
    assert_eq!(shown(&mixed), ["1452-05-24T00:00:00", "2000-01-06T00:00:00"]);
    let unit = TimeUnit::Microsecond;
    assert_eq!(mixed.dtype(), DType::Datetime { unit, calendar: Calendar::Standard });
    // No element of 16 bits reaches so far back.
    let late = lazily(vec![-200_i16, 5].into(), attrs);
    assert_eq!(late.dtype(), decode(vec![5], json!({"units": "days since 2000-01-01"})).dtype());
    assert_eq!(shown(&late)[1], "2000-01-06T00:00:00");
}
