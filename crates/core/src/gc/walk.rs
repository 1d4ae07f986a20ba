//! A filesystem gone through once, in bounded memory: what lies together comes together.

use std::collections::BTreeMap;
use std::time::SystemTime;

use object_store::ObjectMeta;

use super::report::Kind;
use crate::entry::layout::{Part, Piece, Spot};

/// Something that is to be looked at.
#[derive(Debug)]
pub(super) enum Find {
    /// Data of one entry, as far as the listing showed it together.
    Data { spot: Spot, generations: BTreeMap<String, Generation> },
    /// A manifest.
    Manifest { spot: Spot, object: ObjectMeta },
    /// An object that is needed for a while, and then no more.
    Passing { kind: Kind, object: ObjectMeta },
    /// Somebody else's.
    Foreign { object: ObjectMeta },
}

/// What the listing says of one generation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Generation {
    pub(super) newest: SystemTime,
    /// The newest of what several processes record until the commit.
    pub(super) scratch: Option<SystemTime>,
}

/// Puts a listing's objects together. A store that lists them in no order costs more look-ups, and
/// nothing else: whatever goes is listed once more before.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    open: Option<(Spot, BTreeMap<String, Generation>)>,
}

impl Grouping {
    /// Takes the next object, and gives what is complete by it.
    pub(super) fn take(&mut self, object: ObjectMeta) -> [Option<Find>; 2] {
        let part = Part::of(&object.location);
        if let Part::Data { spot, generation, piece } = part {
            let ended = match &self.open {
                Some((open, _)) if *open == spot => None,
                _ => self.end(),
            };
            let (_, generations) = self.open.get_or_insert_with(|| (spot, BTreeMap::new()));
            note(generations, generation, piece, object.last_modified.into());
            return [ended, None];
        }
        let find = match part {
            Part::Marker => None,
            Part::Probe => Some(Find::Passing { kind: Kind::Probe, object }),
            Part::Lease => Some(Find::Passing { kind: Kind::Lease, object }),
            Part::Manifest(spot) => Some(Find::Manifest { spot, object }),
            Part::Data { .. } | Part::Foreign => Some(Find::Foreign { object }),
        };
        [self.end(), find]
    }

    /// What was not complete yet.
    pub(super) fn end(&mut self) -> Option<Find> {
        let (spot, generations) = self.open.take()?;
        Some(Find::Data { spot, generations })
    }
}

fn note(
    generations: &mut BTreeMap<String, Generation>,
    generation: String,
    piece: Piece,
    modified: SystemTime,
) {
    let scratch = (piece == Piece::Scratch).then_some(modified);
    let known = generations.entry(generation);
    let known = known.or_insert(Generation { newest: modified, scratch });
    known.newest = known.newest.max(modified);
    known.scratch = known.scratch.max(scratch);
}
