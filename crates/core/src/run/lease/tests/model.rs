//! Every order of things, up to a bound: callers of one entry on a store, each deciding by the
//! code that decides in earnest. Any of them may crash at any moment, hear nothing of a request
//! that went through, or that goes through much later; and each looks at a clock of its own, so
//! that it may find a lease expired although its holder is alive and merely slow.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::claim::{Claim, Holder, Seen, Step};
use super::super::tenure::{Beat, Release, Tenure};
use super::{HOUR, TTL};
use crate::config::OnBusy;

/// One state of a lease: who has put it, and with how many signs of life.
type Version = (usize, u8);

/// Where the steps that may come next are put: whether something goes wrong, and what changes.
type Steps<'steps> = dyn FnMut(bool, &dyn Fn(&mut World)) + 'steps;

const NOW: Duration = Duration::ZERO;

/// One less than in earnest.
const ATTEMPTS: u8 = 2;

/// How much may go wrong, and how much may happen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bounds {
    crashes: u8,
    /// Requests whose caller hears of an error.
    faults: u8,
    /// Bodies that return an error.
    errors: u8,
    /// Signs of life, of each.
    beats: u8,
}

/// A step that is left out, to see that the model finds what comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// Whoever has the lease computes without looking at the manifest again.
    NoSecondLook,
    /// Nobody takes a lease over.
    NoTakeOver,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    manifest: Option<usize>,
    lease: Option<Version>,
    callers: Vec<Caller>,
    /// Requests that nobody waits for any more, and that may yet go through.
    late: Vec<Request>,
    left: Bounds,
    counts: Counts,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Counts {
    runs: u8,
    taken_over: u8,
    /// Runs without a lease.
    unleased: u8,
    failed: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Caller {
    phase: Phase,
    claim: Claim<Version>,
    tenure: Option<Tenure<Version>>,
    beats: u8,
    /// How often it has made sure of its lease in order to end it.
    attempts: u8,
    /// Whether it has wanted the lease before.
    tried: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    /// Looks at the manifest, and has no lease.
    Looking,
    /// Puts the lease, over what it has seen.
    Puts(Option<Version>),
    /// Looks at the lease; whether only to learn what became of a put.
    Peeking {
        after_error: bool,
    },
    /// Has the lease, and looks at the manifest again.
    LookingAgain,
    Computing,
    Committing,
    /// With what it returns.
    Releasing(Option<usize>),
    Ended(Option<usize>),
    Crashed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Request {
    Put { new: Version, over: Option<Version> },
    Delete,
}

impl World {
    fn new(callers: usize, left: Bounds) -> Self {
        let caller = Caller {
            phase: Phase::Looking,
            claim: Claim::new(OnBusy::Wait, HOUR, NOW),
            tenure: None,
            beats: 0,
            attempts: 0,
            tried: false,
        };
        let callers = vec![caller; callers];
        let counts = Counts::default();
        Self { manifest: None, lease: None, callers, late: Vec::new(), left, counts }
    }

    /// What the store does. Whether it was done, where there is a condition.
    fn store(&mut self, request: Request) -> bool {
        match request {
            Request::Put { new, over } => {
                let holds = self.lease == over;
                if holds {
                    self.lease = Some(new);
                }
                holds
            }
            Request::Delete => {
                self.lease = None;
                true
            }
        }
    }

    /// Every world that may come next; with whether anything goes wrong on the way.
    fn next(&self, flaw: Flaw) -> Vec<(Self, bool)> {
        let mut all = Vec::new();
        for (number, request) in self.late.iter().enumerate() {
            let mut world = self.clone();
            world.late.remove(number);
            world.store(*request);
            all.push((world, false));
        }
        for caller in 0..self.callers.len() {
            self.steps_of(caller, flaw, &mut all);
        }
        all
    }

    fn steps_of(&self, caller: usize, flaw: Flaw, all: &mut Vec<(Self, bool)>) {
        let phase = self.callers[caller].phase.clone();
        if matches!(phase, Phase::Ended(_) | Phase::Crashed) {
            return;
        }
        let mut then = |goes_wrong: bool, change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            change(&mut world);
            all.push((world, goes_wrong));
        };
        if self.left.crashes > 0 {
            then(true, &|world| world.crash(caller, None));
        }
        match phase {
            Phase::Looking | Phase::LookingAgain => then(false, &|world| world.look(caller, flaw)),
            Phase::Puts(over) => self.put(caller, over, &mut then),
            Phase::Peeking { after_error } => {
                // It has looked before just now, or long ago.
                for asked in [NOW, TTL] {
                    then(false, &|world| world.peek(caller, asked, after_error, flaw));
                }
                if self.left.faults > 0 {
                    then(true, &|world| {
                        world.left.faults -= 1;
                        world.compute(caller, false);
                    });
                }
            }
            Phase::Computing => self.computing(caller, &mut then),
            Phase::Committing => then(false, &|world| world.commit(caller)),
            Phase::Releasing(_) => self.releasing(caller, &mut then),
            Phase::Ended(_) | Phase::Crashed => {}
        }
    }

    /// A conditional put of the lease by one who has none.
    fn put(&self, caller: usize, over: Option<Version>, then: &mut Steps<'_>) {
        let new = (caller, 0);
        let request = Request::Put { new, over };
        then(false, &|world| {
            if world.store(request) {
                world.counts.taken_over += u8::from(over.is_some());
                world.hold(caller, new);
            } else {
                world.callers[caller].phase = Phase::Peeking { after_error: false };
            }
        });
        self.goes_wrong(caller, request, then, &|world, done| {
            world.counts.taken_over += u8::from(done && over.is_some());
            world.callers[caller].phase = Phase::Peeking { after_error: true };
        });
    }

    /// A request of whose end its caller hears nothing: it was not done, it was, or will be.
    fn goes_wrong(
        &self,
        caller: usize,
        request: Request,
        then: &mut Steps<'_>,
        go_on: &dyn Fn(&mut Self, bool),
    ) {
        if self.left.crashes > 0 {
            then(true, &|world| world.crash(caller, Some(request)));
        }
        if self.left.faults == 0 {
            return;
        }
        for (now, later) in [(false, false), (true, false), (false, true)] {
            then(true, &|world| {
                world.left.faults -= 1;
                let done = now && world.store(request);
                if later {
                    world.late.push(request);
                    // It may take over later; then that was somebody's expiry, too.
                    let over = matches!(request, Request::Put { over: Some(_), .. });
                    world.counts.taken_over += u8::from(over);
                }
                go_on(world, done);
            });
        }
    }

    fn crash(&mut self, caller: usize, late: Option<Request>) {
        self.left.crashes -= 1;
        self.late.extend(late);
        self.callers[caller].phase = Phase::Crashed;
    }

    fn look(&mut self, caller: usize, flaw: Flaw) {
        let is_second = self.callers[caller].phase == Phase::LookingAgain;
        let blind = flaw == Flaw::NoSecondLook && is_second;
        match self.manifest.filter(|_| !blind) {
            Some(value) if is_second => {
                self.callers[caller].phase = Phase::Releasing(Some(value));
            }
            Some(value) => self.callers[caller].phase = Phase::Ended(Some(value)),
            None if is_second => self.compute(caller, true),
            None if !self.callers[caller].tried => {
                self.callers[caller].tried = true;
                self.callers[caller].phase = Phase::Puts(None);
            }
            None => self.callers[caller].phase = Phase::Peeking { after_error: false },
        }
    }

    fn peek(&mut self, caller: usize, asked: Duration, after_error: bool, flaw: Flaw) {
        let seen = self.lease.map_or(Seen::Free, |version| {
            let holder = if version.0 == caller { Holder::Claim } else { Holder::Other };
            Seen::Held { version, holder, ttl: TTL }
        });
        let step = self.callers[caller].claim.next(seen, asked, NOW);
        self.callers[caller].phase = match step {
            Step::Hold(version) => return self.hold(caller, version),
            _ if after_error => return self.compute(caller, false),
            Step::TakeOver(_) if flaw == Flaw::NoTakeOver => Phase::Looking,
            Step::TakeOver(version) => Phase::Puts(Some(version)),
            Step::Create => Phase::Puts(None),
            Step::Wait => Phase::Looking,
            Step::Without(_) | Step::Refuse => return self.compute(caller, false),
        };
    }

    fn hold(&mut self, caller: usize, version: Version) {
        let caller = &mut self.callers[caller];
        caller.tenure = Some(Tenure::new(TTL, version, NOW));
        caller.phase = Phase::LookingAgain;
    }

    fn compute(&mut self, caller: usize, leased: bool) {
        self.counts.runs += 1;
        self.counts.unleased += u8::from(!leased);
        self.callers[caller].phase = Phase::Computing;
    }

    fn computing(&self, caller: usize, then: &mut Steps<'_>) {
        then(false, &|world| world.callers[caller].phase = Phase::Committing);
        if self.left.errors > 0 {
            then(true, &|world| {
                world.left.errors -= 1;
                world.counts.failed += 1;
                world.callers[caller].phase = Phase::Releasing(None);
            });
        }
        if let Some(tenure) = &self.callers[caller].tenure
            && self.callers[caller].beats < self.left.beats
        {
            self.make_sure(caller, tenure.beat(), then);
        }
    }

    /// As `Holding::make_sure` does.
    fn make_sure(&self, caller: usize, beat: Beat<Version>, then: &mut Steps<'_>) {
        match beat {
            Beat::Lost => {}
            Beat::Look => then(false, &|world| {
                let own = world.lease.filter(|version| version.0 == caller);
                world.tenure(caller, |tenure| tenure.looked(own));
            }),
            Beat::Write(over) => {
                let new = (caller, self.callers[caller].beats + 1);
                let request = Request::Put { new, over: Some(over) };
                let begin = move |world: &mut Self| {
                    world.callers[caller].beats += 1;
                    world.tenure(caller, Tenure::unsure);
                };
                then(false, &|world| {
                    begin(world);
                    if world.store(request) {
                        world.tenure(caller, |tenure| tenure.written(new, NOW));
                    }
                });
                self.goes_wrong(caller, request, then, &|world, _| begin(world));
            }
        }
    }

    fn tenure(&mut self, caller: usize, change: impl FnOnce(&mut Tenure<Version>)) {
        if let Some(tenure) = &mut self.callers[caller].tenure {
            change(tenure);
        }
    }

    fn commit(&mut self, caller: usize) {
        // Create-if-absent: what is returned is one's own, whoever was first.
        self.manifest.get_or_insert(caller);
        self.callers[caller].phase = Phase::Releasing(Some(caller));
    }

    fn releasing(&self, caller: usize, then: &mut Steps<'_>) {
        let Phase::Releasing(returned) = self.callers[caller].phase else { return };
        let end = move |world: &mut Self| {
            world.callers[caller].phase = Phase::Ended(returned);
            world.callers[caller].tenure = None;
        };
        let Some(tenure) = &self.callers[caller].tenure else { return then(false, &end) };
        for moment in [NOW, TTL] {
            match tenure.release(moment) {
                Release::Lost => then(false, &end),
                Release::Delete => {
                    then(false, &|world| {
                        world.store(Request::Delete);
                        end(world);
                    });
                    self.goes_wrong(caller, Request::Delete, then, &|world, _| end(world));
                }
                // As often as it is tried; then it is left to expire.
                Release::First(_) if self.callers[caller].attempts == ATTEMPTS => {
                    then(false, &end);
                }
                Release::First(beat) => {
                    self.make_sure(caller, beat, &mut |goes_wrong, change| {
                        then(goes_wrong, &|world| {
                            world.callers[caller].attempts += 1;
                            change(world);
                        });
                    });
                }
            }
        }
    }

    /// What must be so in every world.
    fn check(&self) -> Result<(), String> {
        let Counts { runs, taken_over, unleased, failed } = self.counts;
        if runs > 1 + taken_over + unleased + failed {
            return Err("a body has run although nothing had expired or failed".to_owned());
        }
        let mut epochs = HashSet::new();
        for caller in &self.callers {
            let epoch = caller.tenure.as_ref().map(Tenure::beat);
            if let Some(Beat::Write(version)) = epoch
                && !epochs.insert(version)
            {
                return Err("two hold one lease in one state".to_owned());
            }
        }
        for (number, caller) in self.callers.iter().enumerate() {
            if let Phase::Ended(Some(value)) = caller.phase
                && value != number
                && Some(value) != self.manifest
            {
                return Err("a value was read that was never committed".to_owned());
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let over = |caller: &Caller| matches!(caller.phase, Phase::Ended(_) | Phase::Crashed);
        self.callers.iter().all(over)
    }
}

/// Goes through every world; gives how many there are.
fn explore(callers: usize, bounds: Bounds, flaw: Flaw) -> Result<usize, String> {
    let first = World::new(callers, bounds);
    let mut numbers = HashMap::from([(first.clone(), 0_usize)]);
    let mut worlds = vec![first];
    // From where each world is reached when nothing more goes wrong.
    let mut reached_from: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at = 0;
    while at < worlds.len() {
        let world = worlds[at].clone();
        world.check().map_err(|why| format!("{why}: {world:#?}"))?;
        for (mut next, goes_wrong) in world.next(flaw) {
            next.late.sort_unstable();
            let fresh = worlds.len();
            let number = *numbers.entry(next.clone()).or_insert(fresh);
            if number == fresh {
                worlds.push(next);
                reached_from.push(Vec::new());
            }
            if !goes_wrong {
                reached_from[number].push(at);
            }
        }
        at += 1;
    }
    let mut ahead: Vec<usize> =
        worlds.iter().enumerate().filter(|(_, world)| world.is_over()).map(|it| it.0).collect();
    let mut ends: HashSet<usize> = ahead.iter().copied().collect();
    while let Some(number) = ahead.pop() {
        ahead.extend(reached_from[number].iter().filter(|before| ends.insert(**before)));
    }
    match (0..worlds.len()).find(|number| !ends.contains(number)) {
        Some(stuck) => Err(format!("nobody goes on: {:#?}", worlds[stuck])),
        None => Ok(worlds.len()),
    }
}

fn bounds(crashes: u8, faults: u8, errors: u8, beats: u8) -> Bounds {
    Bounds { crashes, faults, errors, beats }
}

#[test]
fn two_callers_with_everything_going_wrong() {
    let worlds = explore(2, bounds(1, 2, 1, 1), Flaw::None).unwrap();
    println!("{worlds} worlds");
    assert!(worlds > 1000, "{worlds}");
}

#[test]
fn three_callers_of_whom_any_may_crash() {
    let worlds = explore(3, bounds(1, 0, 0, 0), Flaw::None).unwrap();
    println!("{worlds} worlds");
    assert!(worlds > 1000, "{worlds}");
}

#[test]
fn the_model_finds_what_a_missing_step_would_do() {
    let found = |bounds, flaw| explore(2, bounds, flaw).unwrap_err();
    let why = found(bounds(0, 0, 0, 0), Flaw::NoSecondLook);
    assert!(why.starts_with("a body has run although"), "{why}");
    let why = found(bounds(1, 0, 0, 0), Flaw::NoTakeOver);
    assert!(why.starts_with("nobody goes on"), "{why}");
}
