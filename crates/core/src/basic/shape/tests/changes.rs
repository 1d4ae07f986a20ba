//! Changes of a type between two releases of a program: each alone, and deep inside others.

use std::collections::{BTreeMap, HashMap};

use super::{differ, same};

/// The type `T` of both blocks, alone and inside of others.
macro_rules! pairs {
    ($check:ident: $($name:ident: { $($before:item)* } => { $($after:item)* })*) => { $(
        #[test]
        fn $name() {
            #[allow(dead_code, unused_imports, unreachable_pub, private_interfaces)]
            mod before {
                use std::collections::*;
                $(#[derive(serde::Deserialize)] $before)*
            }
            #[allow(dead_code, unused_imports, unreachable_pub, private_interfaces)]
            mod after {
                use std::collections::*;
                $(#[derive(serde::Deserialize)] $after)*
            }
            type A = before::T;
            type B = after::T;
            $check::<A, B>();
            $check::<Vec<A>, Vec<B>>();
            $check::<HashMap<String, A>, HashMap<String, B>>();
            $check::<Option<Box<A>>, Option<Box<B>>>();
            $check::<(u8, A, u8), (u8, B, u8)>();
            $check::<[A; 2], [B; 2]>();
            $check::<Result<u8, A>, Result<u8, B>>();
            $check::<
                BTreeMap<u8, Vec<Option<(u8, Result<Inner<A>, u8>)>>>,
                BTreeMap<u8, Vec<Option<(u8, Result<Inner<B>, u8>)>>>,
            >();
        }
    )* };
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
enum Inner<T> {
    Nothing,
    Struct { first: u8, value: T },
    Tuple(u8, T),
}

pairs! { differ:
    a_field_added: { pub struct T { a: u32 } } => { pub struct T { a: u32, b: u32 } }
    a_field_added_with_a_default:
        { pub struct T { a: u32 } } => { pub struct T { a: u32, #[serde(default)] b: u32 } }
    a_field_removed: { pub struct T { a: u32, b: u32 } } => { pub struct T { a: u32 } }
    the_first_field_removed: { pub struct T { a: u32, b: u32 } } => { pub struct T { b: u32 } }
    a_field_renamed: { pub struct T { a: u32, b: u32 } } => { pub struct T { a: u32, c: u32 } }
    a_field_renamed_for_serde:
        { pub struct T { a: u32 } } => { pub struct T { #[serde(rename = "A")] a: u32 } }
    all_fields_renamed:
        { pub struct T { a_b: u32 } } => { #[serde(rename_all = "camelCase")] pub struct T { a_b: u32 } }
    fields_reordered:
        { pub struct T { a: u32, b: u32 } } => { pub struct T { b: u32, a: u32 } }
    fields_of_two_types_reordered:
        { pub struct T { a: u32, b: f32 } } => { pub struct T { b: f32, a: u32 } }
    a_field_skipped: { pub struct T { a: u32, b: u32 } } => { pub struct T { a: u32, #[serde(skip)] b: u32 } }
    wider: { pub struct T { a: u32 } } => { pub struct T { a: u64 } }
    signed: { pub struct T { a: u32 } } => { pub struct T { a: i32 } }
    floating: { pub struct T { a: u64 } } => { pub struct T { a: f64 } }
    optional: { pub struct T { a: u32 } } => { pub struct T { a: Option<u32> } }
    twice_optional: { pub struct T { a: Option<u32> } } => { pub struct T { a: Option<Option<u32>> } }
    a_list_made_an_array: { pub struct T { a: Vec<u8> } } => { pub struct T { a: [u8; 3] } }
    a_longer_array: { pub struct T { a: [u8; 3] } } => { pub struct T { a: [u8; 4] } }
    one_made_many: { pub struct T { a: u8 } } => { pub struct T { a: Vec<u8> } }
    text_made_bytes: { pub struct T { a: String } } => { pub struct T { a: std::ffi::CString } }
    text_made_a_character: { pub struct T { a: String } } => { pub struct T { a: char } }
    a_map_made_a_list_of_pairs:
        { pub struct T { a: BTreeMap<u8, u8> } } => { pub struct T { a: Vec<(u8, u8)> } }
    a_key_changed:
        { pub struct T { a: BTreeMap<u8, u8> } } => { pub struct T { a: BTreeMap<u16, u8> } }
    a_value_changed:
        { pub struct T { a: BTreeMap<u8, u8> } } => { pub struct T { a: BTreeMap<u8, u16> } }
    named_fields_lost: { pub struct T { a: u32, b: u8 } } => { pub struct T(u32, u8); }
    a_unit_struct_filled: { pub struct T; } => { pub struct T { a: u8 } }
    a_variant_appended: { pub enum T { A, B } } => { pub enum T { A, B, C } }
    a_variant_inserted: { pub enum T { A, B } } => { pub enum T { A, C, B } }
    a_variant_removed: { pub enum T { A, B, C } } => { pub enum T { A, C } }
    a_variant_renamed: { pub enum T { A, B } } => { pub enum T { A, C } }
    variants_reordered: { pub enum T { A, B } } => { pub enum T { B, A } }
    full_variants_reordered: { pub enum T { A(u8), B(u8) } } => { pub enum T { B(u8), A(u8) } }
    a_unit_variant_made_newtype: { pub enum T { A, B } } => { pub enum T { A, B(u8) } }
    a_unit_variant_made_a_newtype_of_nothing: { pub enum T { A, B } } => { pub enum T { A, B(()) } }
    a_newtype_variant_made_tuple: { pub enum T { A, B(u8) } } => { pub enum T { A, B(u8, u8) } }
    a_tuple_variant_made_struct:
        { pub enum T { A, B(u8, u8) } } => { pub enum T { A, B { x: u8, y: u8 } } }
    a_newtype_variant_made_struct: { pub enum T { A, B(u8) } } => { pub enum T { A, B { x: u8 } } }
    a_field_of_a_variant_renamed:
        { pub enum T { A, B { x: u8 } } } => { pub enum T { A, B { y: u8 } } }
    the_payload_of_the_last_of_many_changed:
        { pub enum T { A, B, C(u8), D { x: u8 }, E(u32) } } =>
        { pub enum T { A, B, C(u8), D { x: u8 }, E(u64) } }
    an_enum_made_a_struct: { pub enum T { A } } => { pub struct T { a: () } }
    a_variant_inside_a_variant_inserted:
        { pub enum T { A(U), B } enum U { X, Y(V) } enum V { P, R } } =>
        { pub enum T { A(U), B } enum U { X, Y(V) } enum V { P, Q, R } }
    a_field_at_the_end_of_the_other_one:
        { pub struct T { a: U, b: u8 } struct U { x: u8 } } =>
        { pub struct T { a: U } struct U { x: u8, b: u8 } }
    a_repeated_type_changed_in_one_place:
        { pub struct T { a: U, b: U } struct U { x: u8 } } =>
        { pub struct T { a: U, b: V } struct U { x: u8 } struct V { x: u16 } }
    a_recursive_list_changed:
        { pub enum T { Nil, Cons(i32, Box<T>) } } => { pub enum T { Nil, Cons(i64, Box<T>) } }
    a_recursive_list_longer:
        { pub enum T { Nil, Cons(i32, Box<T>) } } => { pub enum T { Nil, Cons(i32, Box<T>), End } }
    a_tree_changed:
        { pub struct T { of: Vec<T>, leaf: u8 } } => { pub struct T { of: Vec<T>, leaf: u16 } }
    a_tree_that_was_a_list:
        { pub struct T { of: Option<Box<T>> } } => { pub struct T { of: Vec<T> } }
    a_mutual_recursion_changed:
        { pub struct T { b: Option<Box<U>> } struct U { a: Vec<T>, k: K } enum K { X, Y(u8) } } =>
        { pub struct T { b: Option<Box<U>> } struct U { a: Vec<T>, k: K } enum K { X, Y(u16) } }
    another_recursion:
        { pub struct T { b: Vec<U> } struct U { a: Vec<T> } } =>
        { pub struct T { b: Vec<U> } struct U { a: Vec<U> } }
}

pairs! { same:
    nothing_changed:
        { pub struct T { a: u8, b: K } enum K { X, Y { z: f32 } } } =>
        { pub struct T { a: u8, b: K } enum K { X, Y { z: f32 } } }
    a_type_renamed:
        { pub struct T { a: U, b: V } struct U { x: u8 } enum V { P, Q(u8) } } =>
        { pub struct T { a: X, b: Y } struct X { x: u8 } enum Y { P, Q(u8) } }
    a_recursive_type_renamed:
        { pub struct T { a: Vec<U> } enum U { P, Q(Box<U>) } } =>
        { pub struct T { a: Vec<V> } enum V { P, Q(Box<V>) } }
    a_newtype_around_a_value: { pub struct T { a: f64 } } => { pub struct T { a: U } struct U(f64); }
    a_newtype_around_all: { pub struct T(Vec<u8>); } => { pub struct T(U); struct U(Vec<u8>); }
    transparent:
        { pub struct T { a: f64 } } => { pub struct T { a: U } #[serde(transparent)] struct U { x: f64 } }
    boxed_and_shared_alike:
        { pub struct T { a: u8, b: String } } =>
        { pub struct T { a: Box<u8>, b: std::borrow::Cow<'static, str> } }
    another_collection_of_the_same:
        { pub struct T { a: Vec<u8>, b: BTreeMap<u8, u8> } } =>
        { pub struct T { a: BTreeSet<u8>, b: HashMap<u8, u8> } }
    a_default_for_a_field:
        { pub struct T { a: u8 } } => { pub struct T { #[serde(default)] a: u8 } }
    a_tuple_struct_made_a_tuple: { pub struct T { a: (u8, f32) } } => { pub struct T { a: U } struct U(u8, f32); }
    a_skipped_field: { pub struct T { a: u8 } } => { pub struct T { a: u8, #[serde(skip)] b: u32 } }
    usize_is_u64_everywhere: { pub struct T { a: usize, b: isize } } => { pub struct T { a: u64, b: i64 } }
}

#[test]
fn a_generic_type_inside_itself_is_not_taken_for_recursion() {
    #[derive(serde::Deserialize)]
    #[allow(dead_code)]
    struct Wrapper<T> {
        inner: Option<T>,
    }
    differ::<Wrapper<Wrapper<u32>>, Wrapper<Wrapper<u64>>>();
    differ::<Wrapper<Wrapper<u32>>, Wrapper<Wrapper<Wrapper<u32>>>>();
    differ::<Vec<Vec<u32>>, Vec<Vec<Vec<u32>>>>();
    differ::<Option<Option<u32>>, Option<Option<Option<u32>>>>();
}

#[test]
fn every_primitive_has_a_shape_of_its_own() {
    let mut hashes = vec![
        super::shape::<bool>().hash,
        super::shape::<i8>().hash,
        super::shape::<i16>().hash,
        super::shape::<i32>().hash,
        super::shape::<i64>().hash,
        super::shape::<i128>().hash,
        super::shape::<u8>().hash,
        super::shape::<u16>().hash,
        super::shape::<u32>().hash,
        super::shape::<u64>().hash,
        super::shape::<u128>().hash,
        super::shape::<f32>().hash,
        super::shape::<f64>().hash,
        super::shape::<char>().hash,
        super::shape::<String>().hash,
        super::shape::<std::ffi::CString>().hash,
        super::shape::<()>().hash,
        super::shape::<Option<()>>().hash,
        super::shape::<Vec<()>>().hash,
        super::shape::<((),)>().hash,
    ];
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}
