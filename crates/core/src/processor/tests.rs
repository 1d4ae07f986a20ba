use super::{Processor, Processors};
use crate::error::Result;
use crate::key::{KeyParts, Level};

struct Named(&'static str, &'static str);

impl Processor<u8> for Named {
    fn name(&self) -> &str {
        self.0
    }
    fn options(&self) -> String {
        self.1.to_owned()
    }
    fn process(&self, value: u8) -> Result<u8> {
        Ok(value)
    }
}

fn keys(named: &[Named]) -> Vec<Vec<u8>> {
    let with = |all: Processors<u8>, one: &Named| all.with(Named(one.0, one.1));
    named.iter().fold(Processors::new(), with).keys()
}

/// Local entries are found by these bytes: see `docs/decisions/0002-canonical-keys.md`.
#[test]
fn the_key_bytes_of_a_processor_are_frozen() {
    let frozen = [0, 0, 0, 0, 0, 0, 0, 10];
    let expected = [&frozen[..], b"timeseries", b"time,date"].concat();
    assert_eq!(keys(&[Named("timeseries", "time,date")]), [expected]);
}

#[test]
fn names_options_number_and_order_tell_keys_apart() {
    let chains: [&[Named]; 7] = [
        &[],
        &[Named("a", "b")],
        &[Named("ab", "")],
        &[Named("", "ab")],
        &[Named("a", ""), Named("b", "")],
        &[Named("b", ""), Named("a", "")],
        &[Named("a", "b"), Named("a", "b")],
    ];
    let key = |chain: &&[Named]| {
        let keys = keys(chain);
        let processors: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let parts = KeyParts {
            identity: "lake::f",
            generics: &[],
            namespace: None,
            version: None,
            level: Level::Processed,
            arguments: &[],
            processors: &processors,
        };
        parts.key().to_hex()
    };
    let all: std::collections::BTreeSet<String> = chains.iter().map(key).collect();
    assert_eq!(all.len(), chains.len());
}
