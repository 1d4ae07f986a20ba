//! Types that hold themselves: they end, and are seen whole.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Node, complete, incomplete, shape};

#[derive(Deserialize)]
#[allow(dead_code)]
struct Tree {
    children: Vec<Tree>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum List {
    Cons(i32, Box<List>),
    Nil,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Chain {
    next: Option<Box<Chain>>,
    kind: Kind,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Kind {
    A,
    B(u8),
    C { chain: Option<Box<Chain>> },
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub(super) enum Expression {
    Add(Box<Expression>, Box<Expression>),
    Multiply { left: Box<Expression>, right: Box<Expression> },
    Negate(Box<Expression>),
    Call(String, Vec<Expression>),
    Block(Vec<Statement>),
    Number(f64),
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub(super) enum Statement {
    Let(String, Expression),
    If(Expression, Box<Statement>, Option<Box<Statement>>),
    While { condition: Expression, body: Vec<Statement> },
    Return(Option<Expression>),
    Break,
}

#[derive(Deserialize)]
#[serde(transparent)]
#[allow(dead_code)]
struct Nested(Vec<Nested>);

#[derive(Deserialize)]
#[allow(dead_code)]
struct Maps(HashMap<String, Maps>);

#[derive(Deserialize)]
#[allow(dead_code)]
struct Ping {
    pong: Vec<Pong>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Pong {
    ping: Option<Box<Ping>>,
    own: Option<Box<Pong>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Outer {
    X(Box<Other>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Other {
    Y(Box<Outer>),
    Z,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Generic<T> {
    value: T,
    next: Option<Box<Generic<T>>>,
}

#[test]
fn they_are_seen_whole() {
    complete::<Tree>();
    complete::<Vec<Tree>>();
    complete::<List>();
    complete::<Option<List>>();
    complete::<Chain>();
    complete::<Kind>();
    complete::<Expression>();
    complete::<Statement>();
    complete::<Nested>();
    complete::<Maps>();
    complete::<Ping>();
    complete::<Pong>();
    complete::<Outer>();
    complete::<Other>();
    complete::<Generic<Generic<Tree>>>();
    complete::<(Tree, List, HashMap<u8, Expression>)>();
}

#[test]
fn a_recursive_type_is_a_cycle() {
    let shape = shape::<Tree>();
    let Node::Struct { fields, .. } = shape.root() else { panic!("{shape:#?}") };
    let Node::Seq(element) = shape.node(fields[0].1) else { panic!("{shape:#?}") };
    assert_eq!(shape.node(*element), shape.root());
    assert_eq!(shape.nodes.len(), 2);
}

#[test]
fn a_hundred_variants_that_hold_their_enum_end_before_the_last_which_does_not() {
    macro_rules! wide {
        ($($variant:ident)*) => {
            #[derive(Deserialize)]
            #[allow(dead_code)]
            enum Wide {
                $($variant(Box<Wide>, Box<Wide>),)*
                Leaf(u8),
            }
        };
    }
    wide! {
        A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
        D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9
        G0 G1 G2 G3 G4 G5 G6 G7 G8 G9 H0 H1 H2 H3 H4 H5 H6 H7 H8 H9 I0 I1 I2 I3 I4 I5 I6 I7 I8 I9
        J0 J1 J2 J3 J4 J5 J6 J7 J8 J9
    }
    complete::<Wide>();
    complete::<HashMap<String, Option<Wide>>>();
}

#[test]
fn a_type_without_an_end_is_given_up() {
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Endless(Box<Endless>);
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Named {
        inner: Box<Named>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Both {
        A(Box<Both>, Box<Both>),
        B(Box<Both>, Box<Both>),
    }
    incomplete::<Endless>();
    incomplete::<Named>();
    incomplete::<Both>();
    incomplete::<Vec<Named>>();
}
