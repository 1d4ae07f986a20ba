//! What a user is told: the warnings of this process, as text.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

/// Hears every warning of the process from now on.
#[derive(Clone)]
pub(crate) struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    pub(crate) fn listen() -> Self {
        let told = Self(Arc::default());
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(told.clone())
            .init();
        told
    }

    /// What was told since this was last asked.
    pub(crate) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }

    /// What was told since this was last asked has all of these words.
    pub(crate) fn says(&self, words: &[&str]) {
        let told = self.take();
        for word in words {
            assert!(told.contains(word), "{word:?} is not in what was told:\n{told}");
        }
    }

    /// Nothing was told since this was last asked.
    pub(crate) fn is_silent(&self) {
        assert_eq!(self.take(), "");
    }
}

impl io::Write for Told {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Told {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
