//! What a type has asked for so far, and, in `search`, what the next run tries.
//!
//! A place is a [`Slot`]: a numbered child of a node. A run walks from the root down; what it
//! meets in an unseen slot becomes a node, what it meets again must be the same. A run that a
//! type refuses is repeated with another dummy in the slot that was to blame. A slot that refuses
//! all of them is given up, and what stands around it is walked without it: an option as `None`,
//! a list as an empty one, an enum by its other variants.

mod search;

use std::collections::{HashMap, HashSet};

use super::draft::{Asker, Child, Draft, Entered, Kind, Place, Slot};
use super::nodes::Leaf;
use super::trace::Refused;

/// Requests answered before a trace ends incomplete: some milliseconds.
const BUDGET: usize = 100_000;

/// Nested requests, so that no stack overflows.
const DEPTH: u32 = 128;

/// How often a list of lists is fed inside itself, which shows whether it is the same indeed.
const UNFOLDED: u32 = 8;

/// The first turn at which neighbours get different dummies, for types that compare them.
const APART: u32 = 4;

/// The nodes of a type, and the state of the run.
#[derive(Debug)]
pub(super) struct Graph {
    drafts: Vec<Draft>,
    /// The nodes that the run is in, and the variant chosen in each.
    path: Vec<(usize, usize)>,
    /// How many dummies a slot has refused.
    turns: HashMap<Slot, u32>,
    /// Slots that were blamed, and have taken nothing since.
    refusing: HashSet<Slot>,
    given_up: HashSet<Slot>,
    /// Variants that could not come to an end before others were known.
    postponed: HashSet<Slot>,
    /// The variants that this run chose since they were not seen whole.
    explored: Vec<Slot>,
    requests: usize,
    /// Counts everything that was learnt: a run that adds nothing is the last.
    learnt: usize,
    /// Whether this run feeds other leaves than it would, to see if the type asks otherwise then.
    doubting: bool,
    /// Whether the refusal that ends this run has been put down to a slot.
    blamed: bool,
    incomplete: bool,
    stopped: bool,
}

impl Graph {
    const ROOT: Slot = Slot { node: 0, index: 0 };

    pub(super) fn new() -> Self {
        Self {
            drafts: vec![Draft::new(Kind::Root, Asker::NOBODY)],
            path: Vec::new(),
            turns: HashMap::new(),
            refusing: HashSet::new(),
            given_up: HashSet::new(),
            postponed: HashSet::new(),
            explored: Vec::new(),
            requests: 0,
            learnt: 0,
            doubting: false,
            blamed: false,
            incomplete: false,
            stopped: false,
        }
    }

    pub(super) fn complete(&self) -> bool {
        self.done() && !self.incomplete && !self.stopped
    }

    /// Whether there is nothing more to see.
    pub(super) fn done(&self) -> bool {
        self.slot_done(Self::ROOT)
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn learnt(&self) -> usize {
        self.learnt
    }

    pub(super) fn root(&self) -> Child {
        self.child(Self::ROOT)
    }

    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    pub(super) fn draft(&self, index: usize) -> &Draft {
        &self.drafts[index]
    }

    /// The start of a run.
    pub(super) fn start(&mut self) -> Place {
        self.blamed = false;
        self.explored.clear();
        let turn = self.turns.get(&Self::ROOT).copied().unwrap_or(0);
        Place { slot: Self::ROOT, turn, closing: false, depth: 0 }
    }

    /// The start of one last run, with other leaves: a type that asks for one thing after a `true`
    /// and for another after a `false` gives itself away. What it refuses now is of no account.
    pub(super) fn start_doubting(&mut self) -> Place {
        let place = self.start();
        self.doubting = true;
        self.blamed = true;
        place
    }

    /// Ends the trace with what was seen.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// The type asks for a leaf: which dummy is due.
    pub(super) fn leaf(&mut self, place: Place, leaf: Leaf) -> Result<u32, Refused> {
        self.count(place)?;
        self.incomplete |= leaf == Leaf::Any;
        match self.child(place.slot) {
            Child::Leaf(known) if known == leaf => {}
            Child::Unseen => self.fill(place.slot, Child::Leaf(leaf)),
            _ => self.add_alternative(place.slot, Child::Leaf(leaf)),
        }
        Ok(place.turn.saturating_add(u32::from(self.doubting)))
    }

    /// The type asks for something with parts.
    pub(super) fn enter(
        &mut self,
        place: Place,
        kind: Kind,
        asker: Asker,
    ) -> Result<Entered, Refused> {
        let requests_before = self.requests;
        self.count(place)?;
        if kind.slots() > BUDGET {
            return Err(self.refuse(place.slot));
        }
        let node = self.resolve(place.slot, kind, asker);
        let in_itself = self.path.last().is_some_and(|&(around, _)| around == node);
        let draft = &mut self.drafts[node];
        draft.entered += 1;
        let again = draft.entered == 2 && !place.closing;
        let entered = Entered {
            node,
            turn: place.turn,
            closing: place.closing || draft.entered > 1,
            from_inside: again || in_itself && draft.entered <= UNFOLDED,
            depth: place.depth + 1,
            requests_before,
        };
        self.path.push((node, 0));
        Ok(entered)
    }

    /// The same slot, one call deeper.
    pub(super) fn deeper(&mut self, place: Place) -> Result<Place, Refused> {
        self.count(place)?;
        Ok(Place { depth: place.depth + 1, ..place })
    }

    /// The end of what [`enter`](Self::enter) began.
    pub(super) fn leave(&mut self, entered: Entered, made: bool) {
        self.path.pop();
        let requests = self.requests - entered.requests_before;
        let draft = &mut self.drafts[entered.node];
        if made {
            draft.cost = Some(draft.cost.map_or(requests, |cost| cost.min(requests)));
        }
        // What a node is inside of counts as done below it, so only the outermost can tell.
        let outermost = draft.entered == 1 && !draft.done;
        if outermost && self.all_done(entered.node) {
            self.drafts[entered.node].done = true;
            self.learnt += 1;
        }
        self.drafts[entered.node].entered -= 1;
    }

    /// A child of an entered node.
    pub(super) fn below(&self, entered: Entered, index: usize) -> Place {
        let slot = Slot { node: entered.node, index };
        let own = self.turns.get(&slot).copied().unwrap_or(0);
        let apart = if entered.turn < APART { 0 } else { u32::try_from(index).unwrap_or(0) };
        let turn = entered.turn.saturating_add(apart).saturating_add(own);
        Place { slot, turn, closing: entered.closing, depth: entered.depth }
    }

    fn count(&mut self, place: Place) -> Result<(), Refused> {
        self.requests += 1;
        self.stopped |= self.requests > BUDGET;
        if self.stopped {
            return Err(Refused);
        }
        if place.depth > DEPTH {
            return Err(self.refuse(place.slot));
        }
        Ok(())
    }

    /// The node of a slot: the one it has, one that the run is in (the type is recursive), or a
    /// new one.
    fn resolve(&mut self, slot: Slot, kind: Kind, asker: Asker) -> usize {
        match self.child(slot) {
            Child::Draft(node) if self.drafts[node].is(kind, asker) => node,
            Child::Draft(node) if self.drafts[node].kind == Kind::OneOf => {
                let known = self.drafts[node].children.iter().find_map(|child| match child {
                    Child::Draft(node) if self.drafts[*node].is(kind, asker) => Some(*node),
                    _ => None,
                });
                known.unwrap_or_else(|| self.new_alternative(slot, kind, asker))
            }
            Child::Unseen => {
                let node = self.around(kind, asker).unwrap_or_else(|| self.add(kind, asker));
                self.fill(slot, Child::Draft(node));
                node
            }
            Child::Leaf(_) | Child::Draft(_) => self.new_alternative(slot, kind, asker),
        }
    }

    /// The node that the run is in and that asks for the same.
    fn around(&self, kind: Kind, asker: Asker) -> Option<usize> {
        // The visitors of two variants of one enum may have one name.
        if kind.is_variant() {
            return None;
        }
        let mut nodes = self.path.iter().rev().map(|&(node, _)| node);
        let around = nodes.find(|&node| self.drafts[node].is(kind, asker))?;
        asker.is_someone().then_some(around)
    }

    fn new_alternative(&mut self, slot: Slot, kind: Kind, asker: Asker) -> usize {
        let node = self.add(kind, asker);
        self.add_alternative(slot, Child::Draft(node));
        node
    }

    /// A place that asks for one thing now and for another then, as the content of an adjacently
    /// tagged enum does: bytes that name nothing cannot carry it safely.
    fn add_alternative(&mut self, slot: Slot, child: Child) {
        self.incomplete = true;
        let known = self.child(slot);
        let node = match known {
            Child::Draft(node) if self.drafts[node].kind == Kind::OneOf => node,
            _ => {
                let node = self.add(Kind::OneOf, Asker::NOBODY);
                self.drafts[node].children.push(known);
                self.fill(slot, Child::Draft(node));
                node
            }
        };
        if !self.drafts[node].children.contains(&child) {
            self.drafts[node].children.push(child);
            self.learnt += 1;
        }
    }

    fn add(&mut self, kind: Kind, asker: Asker) -> usize {
        self.drafts.push(Draft::new(kind, asker));
        self.drafts.len() - 1
    }

    fn fill(&mut self, slot: Slot, child: Child) {
        self.learnt += 1;
        if let Some(place) = self.drafts[slot.node].children.get_mut(slot.index) {
            *place = child;
        }
    }

    fn child(&self, slot: Slot) -> Child {
        self.drafts[slot.node].children.get(slot.index).copied().unwrap_or(Child::Unseen)
    }

    fn all_done(&self, node: usize) -> bool {
        let count = self.drafts[node].children.len();
        (0..count).all(|index| self.slot_done(Slot { node, index }))
    }

    fn slot_done(&self, slot: Slot) -> bool {
        let done = match self.child(slot) {
            Child::Unseen => false,
            Child::Leaf(_) => true,
            Child::Draft(node) => {
                let draft = &self.drafts[node];
                // What the run is in sees to itself.
                draft.done || draft.entered > 0 || draft.kind == Kind::OneOf && self.all_done(node)
            }
        };
        done && !self.refusing.contains(&slot) || self.given_up.contains(&slot)
    }
}
