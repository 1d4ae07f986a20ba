//! Who leads and who waits, as plain data: no waker, no lock, no clock of its own.
//!
//! Every change returns the seats whose waiters are to be woken. Invariants:
//!
//! - a flight exists from the run that leads it to its landing, and has one leader at a time;
//! - a seat is in its flight's queue, or called and in no queue;
//! - the graph has the edges of the seats in queues, each towards its flight's present leader.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::mem;
use std::time::{Duration, Instant};

use quick_cache::DefaultHashBuilder;
use smallvec::SmallVec;

use super::Outcome;
use super::graph::{RunId, Stack, WaitGraph};
use super::sync::Arc;
use super::watched::Progress;
use super::workers;
use crate::runtime::Place;

/// All flights of one registry.
#[derive(Debug)]
pub(super) struct Board<K> {
    flights: HashMap<K, Flight, DefaultHashBuilder>,
    seats: HashMap<SeatId, Seat<K>, DefaultHashBuilder>,
    /// The leaders that could stall; one that blocks its thread is not among them.
    pollable: BTreeMap<RunId, Pollable<K>>,
    graph: WaitGraph,
    numbers: u64,
}

/// Looks of the watchdog in the time after which a leader counts as stalled.
pub(super) const LOOKS: u32 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SeatId(u64);

/// The seats whose waiters are to be woken.
pub(super) type Calls = SmallVec<[SeatId; 4]>;

/// What a call that joined is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    Leads,
    Waits(SeatId),
    Independent,
}

/// What a waiter finds when it is polled.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nothing yet.
    Wait,
    /// Nothing yet, and the workers of its pool are to say whether they have anything to do.
    AskPool,
    /// The end of the wait.
    Called(Call),
}

/// Where a call is on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whereabouts {
    /// The innermost place of its thread.
    place: Option<Place>,
    /// Its thread, where that is a worker of a rayon pool.
    worker: Option<Place>,
}

impl Whereabouts {
    pub(super) fn of_thread() -> Self {
        Self { place: Place::current(), worker: workers::current() }
    }
}

/// What a waiter is told at last.
#[derive(Debug)]
pub(super) enum Call {
    Landed(Outcome),
    Lead,
}

#[derive(Debug)]
struct Flight {
    leader: RunId,
    /// The leader's thread, where that is a worker of a rayon pool.
    worker: Option<Place>,
    queue: BTreeMap<Ticket, SeatId>,
    /// How often the watchdog saw the present leader waited for, where it is such a worker.
    looks: u32,
}

/// The order of a queue. Who blocks a thread comes first: it is certain to go on when it is
/// called, while a future may be parked somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket {
    may_park: bool,
    number: u64,
}

#[derive(Debug)]
pub(super) struct Seat<K> {
    key: K,
    run: RunId,
    stack: Stack,
    /// Where its waiter was polled last.
    at: Whereabouts,
    asks_pool: bool,
    state: SeatState,
}

#[derive(Debug)]
enum SeatState {
    Queued(Ticket),
    Called(Call),
}

#[derive(Debug)]
struct Pollable<K> {
    key: K,
    pace: Pace,
}

#[derive(Debug)]
enum Pace {
    Watched(Arc<Progress>),
    /// The lead was offered to a waiter that has not been polled yet.
    Offered(SeatId, Instant),
}

impl<K: Clone + Eq + Hash> Board<K> {
    pub(super) fn new() -> Self {
        Self {
            flights: HashMap::default(),
            seats: HashMap::default(),
            pollable: BTreeMap::new(),
            graph: WaitGraph::default(),
            numbers: 0,
        }
    }

    /// `run` begins to lead the flight of `key`, where there is none; else it takes a seat, if
    /// the wait can end.
    pub(super) fn join(&mut self, key: &K, run: RunId, stack: Stack, at: Whereabouts) -> Joined {
        let Some(flight) = self.flights.get(key) else {
            let worker = at.worker;
            let flight = Flight { leader: run, worker, queue: BTreeMap::new(), looks: 0 };
            self.flights.insert(key.clone(), flight);
            return Joined::Leads;
        };
        if self.graph.would_never_end(&stack, flight.leader, |run| self.place_of(run)) {
            return Joined::Independent;
        }
        let id = SeatId(self.next_number());
        let state = SeatState::Queued(Ticket { may_park: true, number: 0 });
        let seat = Seat { key: key.clone(), run, stack, at, asks_pool: false, state };
        self.seats.insert(id, seat);
        self.enqueue(id);
        Joined::Waits(id)
    }

    /// From now on `progress` tells how the leader `run` is getting on.
    pub(super) fn watch(&mut self, key: &K, run: RunId, progress: &Arc<Progress>) {
        if self.leads(key, run) {
            let pace = Pace::Watched(Arc::clone(progress));
            self.pollable.insert(run, Pollable { key: key.clone(), pace });
        }
    }

    pub(super) fn has_waiters(&self, key: &K, run: RunId) -> bool {
        let led = self.flights.get(key).filter(|flight| flight.leader == run);
        led.is_some_and(|flight| !flight.queue.is_empty())
    }

    /// Lands the flight that `run` leads. Who no longer leads lands nothing.
    pub(super) fn land(&mut self, key: &K, run: RunId, outcome: &Outcome) -> Calls {
        if !self.leads(key, run) {
            return Calls::new();
        }
        self.pollable.remove(&run);
        let Some(flight) = self.flights.remove(key) else { return Calls::new() };
        for id in flight.queue.values() {
            if let Some(seat) = self.seats.get_mut(id) {
                self.graph.end(&seat.stack, run);
                seat.state = SeatState::Called(Call::Landed(outcome.clone()));
            }
        }
        flight.queue.into_values().collect()
    }

    /// `run` gives up its lead, if it still has it: the next waiter leads.
    pub(super) fn give_up(&mut self, key: &K, run: RunId, now: Instant) -> Calls {
        if self.leads(key, run) { self.pass_on(key, now) } else { Calls::new() }
    }

    /// What the waiter of `id`, which is being polled, is to do. Called, its seat is gone.
    pub(super) fn answer(&mut self, id: SeatId, at: Whereabouts) -> Answer {
        if let Some(seat) = self.seats.get_mut(&id)
            && let SeatState::Queued(_) = seat.state
        {
            seat.at = at;
            let asks = mem::take(&mut seat.asks_pool);
            return if asks { Answer::AskPool } else { Answer::Wait };
        }
        let Some(Seat { key, run, state: SeatState::Called(call), .. }) = self.seats.remove(&id)
        else {
            return Answer::Wait;
        };
        if let Call::Lead = call {
            self.pollable.remove(&run);
            if let Some(flight) = self.flights.get_mut(&key) {
                flight.worker = at.worker;
            }
        }
        Answer::Called(call)
    }

    /// The waiter of `id` goes away. The seat is returned, for its drop to happen elsewhere.
    pub(super) fn leave(&mut self, id: SeatId, now: Instant) -> (Calls, Option<Seat<K>>) {
        let Some(seat) = self.seats.remove(&id) else { return (Calls::new(), None) };
        let mut calls = Calls::new();
        match &seat.state {
            SeatState::Queued(ticket) => {
                if let Some(flight) = self.flights.get_mut(&seat.key) {
                    flight.queue.remove(ticket);
                    self.graph.end(&seat.stack, flight.leader);
                }
            }
            SeatState::Called(Call::Lead) => calls = self.give_up(&seat.key, seat.run, now),
            SeatState::Called(Call::Landed(_)) => {}
        }
        (calls, Some(seat))
    }

    /// Takes the lead from those that could go on for `limit`, and did not, where others wait.
    pub(super) fn pass_over_the_stalled(&mut self, now: Instant, limit: Duration) -> Calls {
        let stalled: Vec<K> = self
            .pollable
            .iter()
            .filter(|(run, leader)| {
                self.has_waiters(&leader.key, **run) && leader.pace.is_stalled(now, limit)
            })
            .map(|(_, leader)| leader.key.clone())
            .collect();
        stalled.iter().flat_map(|key| self.pass_on(key, now)).collect()
    }

    /// Counts how long workers of rayon pools have been leading while others wait. When one is
    /// due, every worker that waits anywhere is called, to [ask its pool](Answer::AskPool): at
    /// growing intervals, since workers that are blocked leave the question lying.
    pub(super) fn look_at_workers(&mut self) -> Calls {
        let mut due = false;
        for flight in self.flights.values_mut().filter(|flight| flight.is_led_by_waited_worker()) {
            flight.looks = flight.looks.saturating_add(1);
            due |= flight.looks.is_multiple_of(LOOKS) && (flight.looks / LOOKS).is_power_of_two();
        }
        let mut calls = Calls::new();
        for (id, seat) in self.seats.iter_mut().filter(|(_, seat)| due && seat.at.worker.is_some())
        {
            seat.asks_pool = true;
            calls.push(*id);
        }
        calls
    }

    /// `worker` has nothing to do but wait. If it leads, then its run waits for jobs on other
    /// threads, which may lie below calls that wait for this very run: it is passed over.
    pub(super) fn pass_over_the_idle(&mut self, worker: Place, now: Instant) -> Calls {
        let idle: Vec<K> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.worker == Some(worker) && flight.looks >= LOOKS)
            .filter(|(_, flight)| flight.is_led_by_waited_worker())
            .map(|(key, _)| key.clone())
            .collect();
        idle.iter().flat_map(|key| self.pass_on(key, now)).collect()
    }

    pub(super) fn nobody_waits(&self) -> bool {
        self.seats.is_empty()
    }

    pub(super) fn flights(&self) -> usize {
        self.flights.len()
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.seats.len()
    }

    #[cfg(test)]
    pub(super) fn is_clear(&self) -> bool {
        let idle = self.flights.is_empty() && self.seats.is_empty();
        idle && self.pollable.is_empty() && self.graph.is_empty()
    }

    fn leads(&self, key: &K, run: RunId) -> bool {
        self.flights.get(key).is_some_and(|flight| flight.leader == run)
    }

    fn place_of(&self, run: RunId) -> Option<Place> {
        match &self.pollable.get(&run)?.pace {
            Pace::Watched(progress) => progress.place(),
            Pace::Offered(seat, _) => self.seats.get(seat)?.at.place,
        }
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Puts a seat at the end of its flight's queue.
    fn enqueue(&mut self, id: SeatId) {
        let number = self.next_number();
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let Some(flight) = self.flights.get_mut(&seat.key) else { return };
        let ticket = Ticket { may_park: !seat.stack.blocks(), number };
        seat.state = SeatState::Queued(ticket);
        flight.queue.insert(ticket, id);
        self.graph.wait(&seat.stack, flight.leader);
    }

    /// Offers the lead to the next in the queue. A waiter that was offered it, and is passed
    /// over, goes back to the queue.
    fn pass_on(&mut self, key: &K, now: Instant) -> Calls {
        let Some(flight) = self.flights.get_mut(key) else { return Calls::new() };
        let former = self.pollable.remove(&flight.leader);
        let Some((_, next)) = flight.queue.pop_first() else {
            self.flights.remove(key);
            return Calls::new();
        };
        let Some(seat) = self.seats.get_mut(&next) else { return Calls::new() };
        let (old, new) = (flight.leader, seat.run);
        self.graph.end(&seat.stack, old);
        seat.state = SeatState::Called(Call::Lead);
        (flight.leader, flight.worker, flight.looks) = (new, None, 0);
        for seat in flight.queue.values().filter_map(|id| self.seats.get(id)) {
            self.graph.end(&seat.stack, old);
            self.graph.wait(&seat.stack, new);
        }
        let pace = Pace::Offered(next, now);
        self.pollable.insert(new, Pollable { key: key.clone(), pace });
        if let Some(Pollable { pace: Pace::Offered(passed_over, _), .. }) = former {
            self.enqueue(passed_over);
        }
        Calls::from_slice(&[next])
    }
}

impl Flight {
    fn is_led_by_waited_worker(&self) -> bool {
        self.worker.is_some() && !self.queue.is_empty()
    }
}

impl Pace {
    fn is_stalled(&self, now: Instant, limit: Duration) -> bool {
        match self {
            Self::Watched(progress) => progress.is_stalled(now, limit),
            Self::Offered(_, since) => now.saturating_duration_since(*since) >= limit,
        }
    }
}
