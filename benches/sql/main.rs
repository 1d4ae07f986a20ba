//! Tables in PostgreSQL, beside a bare `COPY` of the same rows through sqlx and pandas' `to_sql`.
//! `cargo xtask with-servers cargo bench --bench sql --features sql` prints the table; a number
//! after `--` is how many rows there are.

mod bare;
mod pandas;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use nuthatch_benches::{Rounds, Side, Table, compare};
use nuthatch_core::backend::{Backend, Source, Stored, Target};
use nuthatch_core::config::Verify;
use nuthatch_core::runtime::block_on;
use nuthatch_core::store::LocalFiles;
use nuthatch_sql::Sql;
use object_store::path::Path;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const VARIABLE: &str = "TEST_POSTGRES_URL";
const ROWS: usize = 10_000_000;
/// Of these alone, as pandas takes many minutes for the others.
const PANDAS_ROWS: usize = 200_000;
const ROUNDS: Rounds = Rounds { samples: 3, repeats: 1 };

fn main() -> Result {
    let url = std::env::var(VARIABLE).map_err(|_| {
        format!("{VARIABLE} names no server: run `cargo xtask with-servers cargo bench --bench sql --features sql`")
    })?;
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let count = count.unwrap_or(ROWS);
    let lake = Lake { folder: tempfile::tempdir()?, url: url.clone() };
    let batch = rows::batch(count);

    let mut table = Table::new(&format!("PostgreSQL, {count} rows of 5 columns"));
    let times = compare(
        ROUNDS,
        &mut [
            Side::new("nuthatch", || lake.store(&batch, "stored")),
            Side::new("bare COPY", || block_on(bare::store(&url, &batch)).expect("it is stored")),
        ],
    );
    // At least 0.7 of the bare speed.
    table.goal("store", times[0], ("bare COPY IN", times[1]), 1.0 / 0.7);
    let source = lake.stored(&batch, "stored");
    let times = compare(
        ROUNDS,
        &mut [
            Side::new("nuthatch", || assert_eq!(recalled(&source).num_rows(), count)),
            Side::new("bare", || {
                let read = block_on(bare::recall(&url)).expect("it is read");
                assert_eq!(read, count);
            }),
        ],
    );
    table.beside("recall", times[0], ("bare COPY OUT", times[1]));

    let few = batch.slice(0, PANDAS_ROWS.min(count));
    let pandas = pandas::Pandas::start(&url)?;
    let times = compare(ROUNDS, &mut [Side::new("nuthatch", || lake.store(&few, "few"))]);
    let what = format!("store {} rows", few.num_rows());
    table.goal(&what, times[0], ("pandas to_sql", pandas.store(few.num_rows())?), 0.1);
    print!("{table}");
    Ok(())
}

/// A location whose tables lie in the server.
struct Lake {
    folder: tempfile::TempDir,
    url: String,
}

impl Lake {
    /// Stores a table in place of the one that was there before.
    fn store(&self, batch: &RecordBatch, name: &str) {
        let target = self.target(name);
        let folder = Some(self.folder.path());
        block_on(nuthatch_sql::remove(&target.prefix, &target.options, folder))
            .expect("the table before is dropped");
        self.stored(batch, name);
    }

    fn stored(&self, batch: &RecordBatch, name: &str) -> Source {
        let target = self.target(name);
        let _ = block_on(nuthatch_sql::remove(&target.prefix, &target.options, None));
        let written = Backend::<RecordBatch>::write(&Sql, batch, &target);
        let written = block_on(written).expect("it is stored");
        let record = Stored {
            backend: nuthatch_sql::NAME.to_owned(),
            generation: name.to_owned(),
            path: target.prefix.to_string(),
            bytes: written.bytes,
            type_name: "RecordBatch".to_owned(),
            type_shape: None,
            inline: None,
            details: written.details,
            time_extent: None,
        };
        Source {
            store: target.store,
            prefix: target.prefix,
            shown: target.shown,
            immediate: true,
            folder: None,
            record: Arc::new(record),
            options: target.options,
            verify: Verify::Full,
        }
    }

    fn target(&self, name: &str) -> Target {
        Target {
            store: Arc::new(LocalFiles::new(self.folder.path())),
            prefix: Path::from(format!("benches/{name}")),
            shown: "root (benches)".into(),
            immediate: true,
            folder: None,
            inline_up_to: 0,
            arguments: BTreeMap::new(),
            options: toml::Table::from_iter([("url".to_owned(), self.url.as_str().into())]),
        }
    }
}

fn recalled(source: &Source) -> RecordBatch {
    block_on(Backend::<RecordBatch>::read(&Sql, source)).expect("it is recalled")
}
