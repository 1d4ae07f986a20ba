//! Shapes of many types: what tells them apart, what does not, and what is out of reach.

mod bincode;
mod changes;
mod golden;
mod hostile;
mod recursive;
mod zoo;

use serde::de::DeserializeOwned;

use super::{Leaf, Node, NodeId, Shape, Variant, shape_of};

/// The shape, traced anew.
fn shape<T: DeserializeOwned>() -> Shape {
    Shape::trace::<T>()
}

#[track_caller]
fn same<A: DeserializeOwned, B: DeserializeOwned>() {
    let (a, b) = (shape::<A>(), shape::<B>());
    assert_eq!(a.hash, b.hash, "{a:#?} {b:#?}");
}

#[track_caller]
fn differ<A: DeserializeOwned, B: DeserializeOwned>() {
    assert_ne!(shape::<A>().hash, shape::<B>().hash, "{:#?}", shape::<A>());
}

#[track_caller]
fn complete<T: DeserializeOwned>() {
    let shape = shape::<T>();
    assert!(shape.complete, "{} is incomplete: {shape:#?}", std::any::type_name::<T>());
}

#[track_caller]
fn incomplete<T: DeserializeOwned>() {
    let shape = shape::<T>();
    assert!(!shape.complete, "{} is complete: {shape:#?}", std::any::type_name::<T>());
}

#[test]
fn a_shape_is_traced_once_and_shared_by_all_threads() {
    let here = shape_of::<Vec<(u8, String)>>();
    assert!(std::ptr::eq(here, shape_of::<Vec<(u8, String)>>()));
    let there = std::thread::spawn(shape_of::<Vec<(u8, String)>>).join().expect("no panic");
    assert!(std::ptr::eq(here, there));
    assert_ne!(here.hash, shape_of::<Vec<(u8, u8)>>().hash);
}

#[test]
fn the_hexadecimal_form_is_the_hash() {
    let shape = shape::<u8>();
    assert_eq!(shape.hex(), blake3::Hash::from_bytes(shape.hash).to_hex().as_str());
}

#[test]
fn the_nodes_can_be_walked() {
    #[derive(serde::Deserialize)]
    #[allow(dead_code)]
    enum Reading {
        Missing,
        Rain(f32),
        Wind { speed: f64, gusts: Vec<(u8, Reading)> },
    }
    let shape = shape::<Option<Reading>>();
    let Node::Option(inner) = shape.root() else { panic!("{shape:#?}") };
    let Node::Enum { name: "Reading", variants } = shape.node(*inner) else { panic!("{shape:#?}") };
    let [("Missing", Variant::Unit), ("Rain", Variant::Newtype(rain)), ("Wind", wind)] =
        variants.as_slice()
    else {
        panic!("{shape:#?}")
    };
    assert_eq!(shape.node(*rain), &Node::Leaf(Leaf::F32));
    let Variant::Struct(fields) = wind else { panic!("{shape:#?}") };
    let [("speed", _), ("gusts", gusts)] = fields.as_slice() else { panic!("{shape:#?}") };
    let Node::Seq(element) = shape.node(*gusts) else { panic!("{shape:#?}") };
    let Node::Tuple(parts) = shape.node(*element) else { panic!("{shape:#?}") };
    assert_eq!(parts[1], *inner, "the recursion leads back to where it began");
    assert_eq!(shape.node(NodeId::ROOT), shape.root());
}
