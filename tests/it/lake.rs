//! A root, a local location and a mirror, in a temporary folder or in memory, with every request
//! counted.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use nuthatch::store::{Counting, intercept};
use object_store::ObjectStore;

/// The three locations of a test.
pub(crate) const LOCATIONS: [&str; 3] = ["root", "local", "mirror"];

/// Requests of one location.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) gets: u32,
    pub(crate) puts: u32,
    /// Those about leases, which are in none of the others.
    pub(crate) leases: u32,
    pub(crate) others: Vec<String>,
}

/// Every store that was opened, with its URL.
type Counters = Arc<Mutex<Vec<(String, Arc<Counting>)>>>;

/// The configured locations of this process.
pub(crate) struct Lake {
    folder: tempfile::TempDir,
    in_memory: bool,
    counters: Counters,
}

impl Lake {
    /// All three locations, none of them written yet.
    pub(crate) fn new() -> Self {
        let lake = Self::unconfigured(false);
        lake.configure_all();
        lake
    }

    /// All three locations, in memory.
    pub(crate) fn in_memory() -> Self {
        let lake = Self::unconfigured(true);
        lake.configure_all();
        lake
    }

    /// A local location alone, as for a user without configuration.
    pub(crate) fn local_only() -> Self {
        let lake = Self::unconfigured(false);
        lake.configure("local");
        lake
    }

    /// Opens all locations anew, as a new process would: what was known of them is forgotten.
    pub(crate) fn configure_all(&self) {
        for location in LOCATIONS {
            self.configure(location);
        }
        self.reset();
    }

    fn unconfigured(in_memory: bool) -> Self {
        let counters = Counters::default();
        let seen = Arc::clone(&counters);
        intercept(move |url: &str, store: Arc<dyn ObjectStore>| {
            let counting = Arc::new(Counting::new(store));
            counting.log(true);
            seen.lock().unwrap().push((url.to_owned(), Arc::clone(&counting)));
            counting as Arc<dyn ObjectStore>
        });
        let folder = tempfile::tempdir().unwrap();
        // Nothing of the machine's own configuration may reach a test.
        std::env::set_current_dir(folder.path()).unwrap();
        Self { folder, in_memory, counters }
    }

    /// Configures a location: one of the three, or a mirror of another name.
    pub(crate) fn configure(&self, location: &str) {
        let parameter = format!("{location}.filesystem");
        nuthatch::set_parameter!(&parameter, self.url(location)).unwrap();
    }

    fn url(&self, location: &str) -> String {
        match self.in_memory {
            true => format!("memory://{location}"),
            false => format!("file://{}", self.path(location).to_str().unwrap()),
        }
    }

    pub(crate) fn path(&self, location: &str) -> PathBuf {
        self.folder.path().join(location)
    }

    /// Forgets what was counted until now.
    pub(crate) fn reset(&self) {
        for (_, counting) in self.counters.lock().unwrap().iter() {
            let _ = counting.take_log();
        }
    }

    /// Every request that a location saw since the last reset, as `get path`.
    pub(crate) fn requests(&self, location: &str) -> Vec<String> {
        let here = self.url(location);
        let counters = self.counters.lock().unwrap();
        let of_location = counters.iter().filter(|(url, _)| *url == here);
        of_location
            .flat_map(|(_, counting)| counting.take_log())
            .map(|(operation, path)| format!("{operation} {path}"))
            .collect()
    }

    /// How many stores were opened at a location's URL.
    pub(crate) fn opened(&self, location: &str) -> usize {
        let here = self.url(location);
        self.counters.lock().unwrap().iter().filter(|(url, _)| *url == here).count()
    }

    /// GETs and PUTs of entries and data that a location saw since the last reset: without
    /// `nuthatch.json`, which is read once a process, and the probe of a first write.
    pub(crate) fn counts(&self, location: &str) -> Counts {
        let mut counts = Counts::default();
        for request in self.requests(location) {
            let (operation, path) = request.split_once(' ').unwrap();
            if path == "nuthatch.json" || path.starts_with(".probe") {
                continue;
            }
            if path.contains("/leases/") {
                counts.leases += 1;
                continue;
            }
            match operation {
                "get" => counts.gets += 1,
                "put" | "create" | "update" => counts.puts += 1,
                other => counts.others.push(format!("{other} {path}")),
            }
        }
        counts
    }

    /// How many bytes were read of a location until now.
    #[allow(dead_code)]
    pub(crate) fn bytes_read(&self, location: &str) -> u64 {
        let here = self.url(location);
        let counters = self.counters.lock().unwrap();
        let of_location = counters.iter().filter(|(url, _)| *url == here);
        of_location.map(|(_, counting)| counting.counts().bytes_read).sum()
    }

    /// Copies the root as the mirror, as a team would publish its lake.
    pub(crate) fn publish_root(&self) {
        copy(&self.path("root"), &self.path("mirror"));
    }

    /// Moves a location's content away, so that only the others have entries.
    pub(crate) fn empty(&self, location: &str) {
        let _ = std::fs::remove_dir_all(self.path(location));
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
