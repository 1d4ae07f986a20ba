//! A root and a local location in memory, new ones for each fault, whose requests can go wrong.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use nuthatch::store::{Fault, Faulty, Operation, Trigger, answer_from_afar, intercept};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// Which location's requests go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Root,
    Local,
}

/// How the stores answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// At once, on the calling thread.
    Here,
    /// As those of other machines do.
    Afar,
    /// As those of other machines do that look at no condition: the last writer wins there.
    Careless,
}

/// How much of each kind lies in the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct There {
    pub(crate) generations: usize,
    /// Tombstones among them.
    pub(crate) manifests: usize,
    pub(crate) leases: usize,
}

pub(crate) struct Lake {
    number: u32,
    answers: Answers,
    /// Where tables in databases are.
    folder: tempfile::TempDir,
    stores: Arc<Mutex<Vec<(String, Faulty)>>>,
}

impl Lake {
    pub(crate) fn new(answers: Answers) -> Self {
        if answers != Answers::Here {
            answer_from_afar("memory://");
        }
        if answers == Answers::Careless {
            nuthatch::set_parameter!("commit", "last-writer-wins").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        std::env::set_current_dir(folder.path()).unwrap();
        let lake = Self { number: 0, answers, folder, stores: Arc::default() };
        lake.intercept_with(None);
        lake
    }

    /// Empty locations.
    pub(crate) fn next(&mut self) {
        self.number += 1;
        self.open_anew();
    }

    /// As another process has them: nothing is known of what lies there.
    pub(crate) fn open_anew(&self) {
        self.stores.lock().unwrap().clear();
        let database = |name: &str| {
            let file = self.folder.path().join(format!("{name}-{}.sqlite", self.number));
            format!("sqlite://{}", file.to_str().unwrap())
        };
        nuthatch::set_parameter!({
            "filesystem" => self.url(Where::Root),
            "root.sql.url" => database("root"),
            "local.filesystem" => self.url(Where::Local),
            "local.sql.url" => database("local"),
        })
        .unwrap();
    }

    /// Has the n-th request from now on go wrong, in a location that is opened by this.
    pub(crate) fn inject(&self, place: Where, nth: u64, fault: Fault) {
        self.open_with(place, vec![(Trigger::any().nth(nth), fault)]);
    }

    /// From now on what is written to the root is not committed, and stays behind: as by processes
    /// that are killed before their commit.
    pub(crate) fn strand(&self) {
        let commit = Trigger::any().on([Operation::Put, Operation::Create, Operation::Update]);
        self.open_with(
            Where::Root,
            vec![
                (commit.containing("/entries/"), Fault::Fail),
                (Trigger::any().on([Operation::Delete]).containing("/data/"), Fault::Fail),
                (Trigger::any().on([Operation::Get]).containing("/elsewhere.json"), Fault::Fail),
            ],
        );
    }

    /// From now on everything is as it should be; what was stranded stays so.
    pub(crate) fn leave_stranded(&self) {
        let struck: u64 = self.stores.lock().unwrap().iter().map(|(_, store)| store.struck()).sum();
        assert!(struck > 0);
        self.intercept_with(None);
        self.open_anew();
    }

    fn open_with(&self, place: Where, rules: Vec<(Trigger, Fault)>) {
        self.open_anew();
        // The store is opened by the first call, and finds its faults there.
        self.intercept_with(Some((self.url(place), rules)));
    }

    fn intercept_with(&self, faults: Option<(String, Vec<(Trigger, Fault)>)>) {
        let opened = Arc::clone(&self.stores);
        let is_careless = self.answers == Answers::Careless;
        intercept(move |here: &str, store: Arc<dyn ObjectStore>| {
            let store = if is_careless { careless(store) } else { store };
            let faulty = Faulty::new(store);
            if let Some((url, rules)) = &faults
                && url == here
            {
                rules.iter().for_each(|(trigger, fault)| faulty.inject(trigger.clone(), *fault));
            }
            opened.lock().unwrap().push((here.to_owned(), faulty.clone()));
            Arc::new(faulty)
        });
    }

    /// How many requests went wrong; from now on none does.
    pub(crate) fn heal(&self) -> u64 {
        let struck = {
            let stores = self.stores.lock().unwrap();
            stores.iter().for_each(|(_, store)| store.heal());
            stores.iter().map(|(_, store)| store.struck()).sum()
        };
        self.intercept_with(None);
        self.open_anew();
        struck
    }

    /// What lies in the root.
    pub(crate) fn there(&self) -> There {
        let paths = self.paths();
        let generations = paths.iter().filter_map(|path| {
            let (_, data) = path.split_once("/data/")?;
            data.split('/').nth(2)
        });
        let containing = |part: &str| paths.iter().filter(|path| path.contains(part)).count();
        There {
            generations: generations.collect::<BTreeSet<_>>().len(),
            manifests: containing("/entries/"),
            leases: containing("/leases/"),
        }
    }

    /// As a process leaves it that is killed while it computes: beside the one entry.
    pub(crate) fn leave_lease(&self) {
        let paths = self.paths();
        let manifest = paths.iter().find(|path| path.contains("/entries/")).unwrap();
        let lease = Path::parse(manifest.replace("/entries/", "/leases/")).unwrap();
        futures::executor::block_on(self.root().put(&lease, "{}".into())).unwrap();
    }

    fn root(&self) -> Arc<dyn ObjectStore> {
        nuthatch::store::open(&self.url(Where::Root), &toml::Table::new()).unwrap().store
    }

    fn paths(&self) -> Vec<String> {
        let listed: Vec<_> = futures::executor::block_on_stream(self.root().list(None)).collect();
        listed.into_iter().map(|object| object.unwrap().location.to_string()).collect()
    }

    fn url(&self, place: Where) -> String {
        match place {
            Where::Root => format!("memory://root-{}", self.number),
            Where::Local => format!("memory://local-{}", self.number),
        }
    }
}

/// What answers every put as if its condition had been met.
fn careless(store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
    let store = Faulty::new(store);
    store.inject(Trigger::any(), Fault::IgnoreCondition);
    Arc::new(store)
}
