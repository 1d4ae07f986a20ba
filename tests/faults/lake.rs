//! A root and a local location in memory, new ones for each fault, whose requests can go wrong.

use std::sync::{Arc, Mutex};

use nuthatch::store::{Fault, Faulty, Trigger, answer_from_afar, intercept};
use object_store::ObjectStore;

/// Which location's requests go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Root,
    Local,
}

/// Where the stores answer from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// At once, on the calling thread.
    Here,
    /// As those of other machines do.
    Afar,
}

pub(crate) struct Lake {
    number: u32,
    stores: Arc<Mutex<Vec<(String, Faulty)>>>,
}

impl Lake {
    pub(crate) fn new(answers: Answers) -> Self {
        let stores: Arc<Mutex<Vec<(String, Faulty)>>> = Arc::default();
        let opened = Arc::clone(&stores);
        intercept(move |url: &str, store: Arc<dyn ObjectStore>| {
            let faulty = Faulty::new(store);
            opened.lock().unwrap().push((url.to_owned(), faulty.clone()));
            Arc::new(faulty)
        });
        if answers == Answers::Afar {
            answer_from_afar("memory://");
        }
        let folder = std::env::temp_dir();
        std::env::set_current_dir(folder).unwrap();
        Self { number: 0, stores }
    }

    /// Empty locations.
    pub(crate) fn next(&mut self) {
        self.number += 1;
        self.open_anew();
    }

    /// As another process has them: nothing is known of what lies there.
    pub(crate) fn open_anew(&self) {
        self.stores.lock().unwrap().clear();
        nuthatch::set_parameter!({
            "filesystem" => format!("memory://root-{}", self.number),
            "local.filesystem" => format!("memory://local-{}", self.number),
        })
        .unwrap();
    }

    /// Has the n-th request from now on go wrong, in a location that is opened by this.
    pub(crate) fn inject(&self, place: Where, nth: u64, fault: Fault) {
        self.open_anew();
        // The store is opened by the first call, and finds its fault there.
        let url = self.url(place);
        let opened = Arc::clone(&self.stores);
        intercept(move |here: &str, store: Arc<dyn ObjectStore>| {
            let faulty = Faulty::new(store);
            if here == url {
                faulty.inject(Trigger::any().nth(nth), fault);
            }
            opened.lock().unwrap().push((here.to_owned(), faulty.clone()));
            Arc::new(faulty)
        });
    }

    /// How many requests went wrong; from now on none does.
    pub(crate) fn heal(&self) -> u64 {
        let opened = Arc::clone(&self.stores);
        let struck = {
            let stores = self.stores.lock().unwrap();
            stores.iter().for_each(|(_, store)| store.heal());
            stores.iter().map(|(_, store)| store.struck()).sum()
        };
        intercept(move |url: &str, store: Arc<dyn ObjectStore>| {
            let faulty = Faulty::new(store);
            opened.lock().unwrap().push((url.to_owned(), faulty.clone()));
            Arc::new(faulty)
        });
        self.open_anew();
        struck
    }

    /// How many generations of data lie in the root.
    pub(crate) fn generations(&self) -> usize {
        let opened = nuthatch::store::open(&self.url(Where::Root), &toml::Table::new()).unwrap();
        let listed: Vec<_> = futures::executor::block_on_stream(opened.store.list(None)).collect();
        let folders = listed.into_iter().filter_map(|object| {
            let path = object.unwrap().location.to_string();
            let (_, data) = path.split_once("/data/")?;
            data.split('/').nth(2).map(str::to_owned)
        });
        folders.collect::<std::collections::BTreeSet<_>>().len()
    }

    fn url(&self, place: Where) -> String {
        match place {
            Where::Root => format!("memory://root-{}", self.number),
            Where::Local => format!("memory://local-{}", self.number),
        }
    }
}
