//! What the next run tries: the dummies, lengths and variants that are due, and the ways around
//! what refuses all of them.

use super::super::dummies;
use super::{Child, Entered, Graph, Kind, Refused, Slot};

/// Dummies tried for a value that is made of others.
const TURNS: u32 = 24;

impl Graph {
    /// After a run that learnt nothing: leaves a variant behind that cannot be seen whole, for
    /// the sake of the others. False where there is none.
    pub(crate) fn go_around(&mut self) -> bool {
        let stuck = self.explored.iter().rev().find(|slot| !self.slot_done(**slot)).copied();
        stuck.map(|slot| self.give_up(slot, false)).is_some()
    }

    /// Takes note of whether a slot took what it was offered. A refusal is put down to the
    /// innermost slot, once a run: the next run offers it another dummy, or goes around it.
    pub(crate) fn settle(&mut self, slot: Slot, taken: bool) {
        if taken {
            // Nearly always empty.
            if !self.refusing.is_empty() && self.refusing.remove(&slot) {
                self.learnt += 1;
            }
        } else if !self.blamed && !self.stopped {
            self.blame(slot);
        }
    }

    fn blame(&mut self, slot: Slot) {
        let limit = match self.child(slot) {
            Child::Unseen => 0,
            Child::Leaf(leaf) => dummies::count(leaf),
            Child::Draft(_) if self.has_no_values(slot) => 0,
            Child::Draft(_) => TURNS,
        };
        let turns = self.turns.entry(slot).or_insert(0);
        *turns += 1;
        if *turns < limit {
            self.refusing.insert(slot);
            self.blamed = true;
            self.learnt += 1;
        } else {
            self.refuse(slot);
        }
    }

    /// Gives a slot up, and finds a way around it.
    pub(crate) fn refuse(&mut self, slot: Slot) -> Refused {
        let empty = self.has_no_values(slot);
        self.give_up(slot, empty);
        let way_around = self.path.iter().rev().find_map(|&(node, variant)| {
            let draft = &self.drafts[node];
            let slot = Slot { node, index: variant };
            match draft.kind {
                Kind::Option | Kind::Seq | Kind::Map if !draft.left_empty => Some((slot, false)),
                Kind::Enum { .. } if draft.children.is_empty() => None,
                Kind::Enum { .. } if !self.given_up.contains(&slot) => Some((slot, true)),
                _ => None,
            }
        });
        match way_around {
            Some((variant, true)) => _ = self.give_up(variant, empty),
            Some((Slot { node, .. }, false)) => self.leave_empty(node, empty),
            None => self.stopped = true,
        }
        Refused
    }

    /// Gives a variant up whose number the type does not know.
    pub(crate) fn refuse_variant(&mut self, slot: Slot) -> Refused {
        self.give_up(slot, false)
    }

    /// Leaves a slot as it is. That it has no values is all there is to see of it.
    fn give_up(&mut self, slot: Slot, empty: bool) -> Refused {
        self.incomplete |= !empty;
        self.blamed = true;
        self.learnt += 1;
        self.given_up.insert(slot);
        Refused
    }

    fn leave_empty(&mut self, node: usize, empty: bool) {
        self.drafts[node].left_empty = true;
        if empty {
            let slots = (0..self.drafts[node].children.len()).map(|index| Slot { node, index });
            self.given_up.extend(slots);
        }
    }

    /// Whether an enum without variants stands there.
    fn has_no_values(&self, slot: Slot) -> bool {
        match self.child(slot) {
            Child::Draft(node) => {
                let draft = &self.drafts[node];
                matches!(draft.kind, Kind::Enum { .. }) && draft.children.is_empty()
            }
            Child::Leaf(_) | Child::Unseen => false,
        }
    }

    /// How many elements or entries to feed.
    pub(crate) fn length(&self, entered: Entered) -> usize {
        if self.drafts[entered.node].left_empty {
            0
        } else if entered.ends_here() {
            dummies::short_length(entered.turn)
        } else {
            dummies::length(entered.turn)
        }
    }

    /// Whether to feed something where there may be nothing.
    pub(crate) fn something(&self, entered: Entered) -> bool {
        self.length(entered) > 0
    }

    /// The variant to feed: one that was not seen whole, or else, and in a type inside itself, the
    /// cheapest.
    pub(crate) fn choose(&mut self, slot: Slot, entered: Entered) -> Result<usize, Refused> {
        let node = entered.node;
        let slots = (0..self.drafts[node].children.len()).map(|index| Slot { node, index });
        let mut possible: Vec<Slot> = slots.filter(|slot| !self.given_up.contains(slot)).collect();
        let unseen = possible.iter().filter(|slot| !self.slot_done(**slot));
        let unseen = unseen.min_by_key(|slot| self.postponed.contains(slot)).copied();
        let chosen = match unseen {
            Some(slot) if !entered.closing => {
                self.explored.push(slot);
                slot
            }
            _ => {
                possible.sort_by_key(|slot| (self.effort(*slot), slot.index));
                let turn = entered.turn as usize % possible.len().max(1);
                match possible.get(turn).copied() {
                    Some(slot) => slot,
                    None => return Err(self.refuse(slot)),
                }
            }
        };
        let (endless, _) = self.effort(chosen);
        if entered.closing && endless && self.postpone(node) {
            return Err(Refused);
        }
        if let Some(step) = self.path.last_mut() {
            step.1 = chosen.index;
        }
        Ok(chosen.index)
    }

    /// In an enum inside itself none of whose variants is known to come to an end: leaves the
    /// outer variant for later, when one is. False where that has been done before.
    fn postpone(&mut self, node: usize) -> bool {
        let inside = self.drafts[node].entered > 1;
        let outer = self.path.iter().find(|&&(around, _)| inside && around == node);
        let slot = outer.map(|&(node, index)| Slot { node, index });
        let postponed = slot.is_some_and(|slot| self.postponed.insert(slot));
        if postponed {
            self.blamed = true;
            self.learnt += 1;
        }
        postponed
    }

    /// What a variant costs. One that never made a value may not come to an end, least of all one
    /// that the run is in.
    fn effort(&self, slot: Slot) -> (bool, usize) {
        match self.child(slot) {
            Child::Leaf(_) => (false, 0),
            Child::Unseen => (true, 0),
            Child::Draft(node) => match self.drafts[node].cost {
                Some(cost) => (false, cost),
                None => (true, self.drafts[node].entered as usize),
            },
        }
    }
}
