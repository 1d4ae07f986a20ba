//! The suite over backends that merge into the generation of their base, well and badly.

use futures::future::BoxFuture;

use super::*;

type Rows = BTreeMap<String, u32>;

/// How it merges.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Merges {
    Well,
    /// Leaves out the rows that were there.
    Forgetful,
    /// Writes beside the generation, too.
    Untidy,
    /// Wants no row that was merged before.
    Once,
}

/// Keeps rows by their keys in one object, behind its hash, and writes them over those of the base.
#[derive(Debug)]
struct InBase(Merges);

/// As many characters as a hash has.
const HASH: usize = 64;

fn decoded(content: &[u8]) -> Option<Rows> {
    let (hash, json) = content.split_at_checked(HASH)?;
    (blake3::hash(json).to_hex().as_bytes() == hash).then(|| serde_json::from_slice(json).ok())?
}

impl Backend<Rows> for InBase {
    fn name(&self) -> &'static str {
        "in-base"
    }

    fn type_shape(&self) -> Option<String> {
        None
    }

    fn write<'a>(&'a self, value: &'a Rows, target: &'a Target) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let json = serde_json::to_string(value).map_err(Error::other)?;
            let content = format!("{}{json}", blake3::hash(json.as_bytes()).to_hex());
            let bytes = content.len() as u64;
            let path = target.prefix.clone().join("rows");
            let put = target.store.put(&path, content.into()).await;
            let failed = |source: object_store::Error| Error::Store {
                doing: "write rows".to_owned(),
                location: target.shown.to_string(),
                source: source.into(),
            };
            put.map_err(failed).map(|_| Written { bytes, ..Written::default() })
        })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<Rows>> {
        Box::pin(async move {
            let damaged = |why: &str| Error::Damaged {
                object: source.shown.to_string(),
                why: why.to_owned(),
            };
            let path = source.prefix.clone().join("rows");
            match async { source.store.get(&path).await?.bytes().await }.await {
                Ok(content) => {
                    decoded(&content).ok_or_else(|| damaged("it is not what was written"))
                }
                Err(object_store::Error::NotFound { .. }) => Err(damaged("it is gone")),
                Err(error) => Err(Error::Store {
                    doing: "read rows".to_owned(),
                    location: source.shown.to_string(),
                    source: error.into(),
                }),
            }
        })
    }

    fn weigh(&self, value: &Rows) -> u64 {
        value.len() as u64
    }

    fn can_upsert(&self) -> bool {
        true
    }

    fn upsert<'a>(
        &'a self,
        value: &'a Rows,
        _: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let Some(base) = base else { return self.write(value, target).await };
            let stored = self.read(base).await?;
            if self.0 == Merges::Once && value.keys().all(|key| stored.contains_key(key)) {
                return Err(Error::other("these rows were merged before"));
            }
            let mut merged = if self.0 == Merges::Forgetful { Rows::new() } else { stored };
            merged.extend(value.clone());
            if self.0 == Merges::Untidy {
                self.write(value, target).await?;
            }
            let here = Target { prefix: base.prefix.clone(), ..target.clone() };
            Ok(Written { in_base: true, ..self.write(&merged, &here).await? })
        })
    }
}

fn rows(keys: &[&str], value: u32) -> Rows {
    keys.iter().map(|key| ((*key).to_owned(), value)).collect()
}

fn run(merges: Merges) {
    let backend = InBase(merges);
    let (stored, new) = (rows(&["Bergen", "Ås"], 1), rows(&["Ås", "Oslo"], 2));
    let merged = stored.clone().into_iter().chain(new.clone()).collect();
    let suite = Suite::new(&backend, |one: &Rows, other| one == other)
        .value(rows(&["Bergen"], 3))
        .upsert(&["town"], stored, new, merged);
    runtime::block_on(suite.run());
}

#[test]
fn a_merge_into_the_base_is_as_good_as_another() {
    run(Merges::Well);
}

#[test]
#[should_panic(expected = "another value is read after a merge in its base")]
fn a_merge_into_the_base_that_forgets_rows_is_found_out() {
    run(Merges::Forgetful);
}

#[test]
#[should_panic(expected = "a merge in its base has changed")]
fn a_merge_into_the_base_that_writes_beside_it_is_found_out() {
    run(Merges::Untidy);
}

#[test]
#[should_panic(expected = "is in the way of the next merge: these rows were merged before")]
fn a_merge_into_the_base_that_cannot_be_made_again_is_found_out() {
    run(Merges::Once);
}
