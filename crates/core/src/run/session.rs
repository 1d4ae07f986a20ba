//! What calls of one process share: the memo, the flights and the opened locations.

use std::any::TypeId;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use ulid::Ulid;

use crate::arguments::Arguments;
use crate::config::{self, Isolated, Settings};
use crate::context;
use crate::error::Result;
use crate::flight::Flights;
use crate::memo::{Memo, MemoKeyRef, Memoized, Moment};

use super::Remembered;
use super::places::Places;
use super::plan::Plan;

/// What calls join by: function, instance, engine, and the rest in bytes.
pub(crate) type FlightKey = Arc<(usize, u64, TypeId, Vec<u8>)>;

/// One configuration instance with what it has in memory.
#[derive(Debug)]
pub(crate) struct Session {
    id: u64,
    /// Whose leases are this configuration's.
    pub(crate) owner: Ulid,
    /// None for the process's.
    isolated: Option<Isolated>,
    memo: Memo<()>,
    pub(crate) flights: Flights<FlightKey>,
    places: ArcSwapOption<Places>,
    /// Held while the locations are set anew.
    renewing: Mutex<()>,
}

/// The session that a call uses.
#[derive(Debug, Clone)]
pub(crate) enum InForce {
    Process(&'static Session),
    Isolated(Arc<Session>),
}

impl Deref for InForce {
    type Target = Session;

    fn deref(&self) -> &Session {
        match self {
            Self::Process(session) => session,
            Self::Isolated(session) => session,
        }
    }
}

impl Session {
    /// The session of the context that this code runs in, else the process's.
    pub(crate) fn current() -> InForce {
        context::session().map_or_else(|| InForce::Process(Self::of_process()), InForce::Isolated)
    }

    pub(crate) fn of_process() -> &'static Self {
        static PROCESS: OnceLock<Session> = OnceLock::new();
        PROCESS.get_or_init(|| Self::new(0, None))
    }

    pub(crate) fn isolated(configuration: Isolated) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self::new(NEXT.fetch_add(1, Ordering::Relaxed), Some(configuration))
    }

    fn new(id: u64, isolated: Option<Isolated>) -> Self {
        Self {
            id,
            owner: Ulid::new(),
            isolated,
            memo: Memo::new(Memo::<()>::DEFAULT_CAPACITY),
            flights: Flights::new(),
            places: ArcSwapOption::empty(),
            renewing: Mutex::new(()),
        }
    }

    pub(crate) fn settings(&self) -> Result<Arc<Settings>> {
        match &self.isolated {
            None => config::current(),
            Some(isolated) => isolated.current(),
        }
    }

    /// The locations of the settings in force; set anew when a parameter was set.
    pub(crate) fn places(&self) -> Result<Arc<Places>> {
        let settings = self.settings()?;
        if let Some(places) = self.places.load_full()
            && Arc::ptr_eq(&places.settings, &settings)
        {
            return Ok(places);
        }
        let places = self.renew()?;
        // With nothing locked: what leaves the memo may itself call a cached function when it is
        // dropped. Until what was set is what is in force, whoever else has set it meanwhile.
        let in_force = || self.places.load().as_ref().map(|places| places.settings.memo_size);
        while let Some(size) = in_force() {
            self.memo.set_capacity(size);
            if in_force() == Some(size) {
                break;
            }
        }
        Ok(places)
    }

    /// The locations of the settings in force, which calls that come at the same time share: each
    /// location is opened once, and its `nuthatch.json` read once.
    fn renew(&self) -> Result<Arc<Places>> {
        let _renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = self.settings()?;
        let before = self.places.load_full();
        if let Some(places) = &before
            && Arc::ptr_eq(&places.settings, &settings)
        {
            return Ok(Arc::clone(places));
        }
        let places = Arc::new(Places::new(settings, before.as_deref()));
        self.places.store(Some(Arc::clone(&places)));
        Ok(places)
    }

    pub(crate) fn memo_get<E: Send + Sync + 'static>(
        &self,
        arguments: &Arguments,
        namespace: Option<&str>,
    ) -> Option<Arc<Remembered<E>>> {
        // One slot a call, whatever the engine, so that a new value leaves no old one behind in
        // another engine. A value of another engine is a miss.
        let memoized = self.memo.get(&self.memo_key::<()>(arguments, namespace))?;
        Arc::downcast(memoized.value).ok()
    }

    pub(crate) fn memo_insert<E: Send + Sync + 'static>(
        &self,
        arguments: &Arguments,
        namespace: Option<&str>,
        value: Arc<Remembered<E>>,
        weight: u64,
        read_since: Option<Moment>,
    ) {
        let key = self.memo_key::<()>(arguments, namespace);
        let value = Memoized { value, weight, extra: () };
        match read_since {
            Some(since) => self.memo.insert_read(&key, value, since),
            None => self.memo.insert_new(&key, value),
        }
    }

    pub(crate) fn memo_moment(&self, arguments: &Arguments, namespace: Option<&str>) -> Moment {
        self.memo.moment(&self.memo_key::<()>(arguments, namespace))
    }

    /// Forgets what is memoized of this call.
    pub(crate) fn memo_forget(&self, arguments: &Arguments, namespace: Option<&str>) {
        self.memo.remove(&self.memo_key::<()>(arguments, namespace));
    }

    pub(crate) fn clear_memo(&self) {
        self.memo.clear();
    }

    /// What calls join by: everything the memo is keyed by, the engine, and the resolved options.
    pub(crate) fn flight_key<E: 'static>(&self, arguments: &Arguments, plan: &Plan) -> FlightKey {
        let namespace = plan.namespace.as_deref();
        let mut bytes = Vec::with_capacity(arguments.bytes().len() + 64);
        plan.joining(&mut bytes);
        // By its length, for a namespace may hold any character.
        let length = namespace.map_or(u64::MAX, |namespace| namespace.len() as u64);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(namespace.unwrap_or_default().as_bytes());
        bytes.extend_from_slice(arguments.bytes());
        let function = arguments.function().address();
        Arc::new((function, self.id, TypeId::of::<E>(), bytes))
    }

    fn memo_key<'a, E: 'static>(
        &self,
        arguments: &'a Arguments,
        namespace: Option<&'a str>,
    ) -> MemoKeyRef<'a> {
        MemoKeyRef {
            function: arguments.function().address(),
            // An empty namespace is another than none.
            instance: self.id << 1 | u64::from(namespace.is_some()),
            engine: TypeId::of::<E>(),
            scope: namespace.unwrap_or_default().as_bytes(),
            arguments: arguments.bytes(),
        }
    }
}
