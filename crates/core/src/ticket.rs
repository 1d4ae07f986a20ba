//! The ticket that lets several processes fill one entry.

use std::sync::Arc;

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use serde::{Deserialize, Serialize};

use crate::backend::Target;
use crate::entry::{Address, LocationName, Lookup};
use crate::error::{Error, Result};
use crate::run::{Place, Session};

/// The number of what a ticket says; a later release may say more.
const FORMAT: u32 = 1;

/// What the process that began an entry hands to those that fill it, and to the one that commits:
/// where the entry lies, which generation was begun, and its layout.
///
/// [`Call::begin`](crate::call::Call::begin) makes one. It is plain data for serde, holds no
/// secret, and is worth nothing once the entry is committed. The processes that use it need the
/// configuration of the one that began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    pub(crate) format: u32,
    pub(crate) location: String,
    pub(crate) filesystem: String,
    pub(crate) function: String,
    pub(crate) namespace: Option<String>,
    pub(crate) arguments: String,
    pub(crate) key: String,
    pub(crate) generation: String,
    pub(crate) backend: String,
    /// Whether objects can be created only where there are none.
    pub(crate) conditional: bool,
    /// The write id of the entry that stood when this one was begun.
    pub(crate) standing: Option<String>,
    pub(crate) began_at: String,
    pub(crate) layout: serde_json::Value,
}

impl Ticket {
    /// The number of the ticket's own format.
    pub(crate) const FORMAT: u32 = FORMAT;

    /// The generation that was begun.
    #[must_use]
    pub fn generation(&self) -> &str {
        &self.generation
    }

    /// The backend that the entry is written by.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// What the backend said when the entry was begun.
    #[must_use]
    pub fn layout(&self) -> &serde_json::Value {
        &self.layout
    }

    /// Whether the location creates an object only where there is none, so that no process can
    /// write over what another has written.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.conditional
    }

    /// Where this process writes its share.
    ///
    /// # Errors
    ///
    /// The ticket is of a newer release or no ticket; this process has no such location, or
    /// another filesystem there; or the location cannot be opened.
    pub fn target(&self) -> Result<Target> {
        let (place, address) = self.place()?;
        place.resumed(&address, &self.backend, &self.generation)
    }

    /// Whether the entry was committed: nothing may be written any more.
    ///
    /// # Errors
    ///
    /// As [`target`](Self::target); also where the location cannot be read.
    pub async fn is_committed(&self) -> Result<bool> {
        let (place, address) = self.place()?;
        Ok(self.is_named_by(&place.look_up(&address).await?))
    }

    /// Says that the generation is still being written. Writing a region says so too: only a
    /// process that computes for longer than a quarter of the grace time needs this.
    ///
    /// # Errors
    ///
    /// As [`target`](Self::target); also where the location cannot be written.
    pub async fn keep_alive(&self) -> Result<()> {
        let (place, address) = self.place()?;
        place.keep_alive(&address, &self.backend, &self.generation).await
    }

    /// Whether a manifest names the generation.
    pub(crate) fn is_named_by(&self, found: &Lookup) -> bool {
        let Lookup::Found { entry, .. } = found else { return false };
        entry.backends().iter().any(|stored| stored.generation == self.generation)
    }

    /// The key as the ticket has it.
    pub(crate) fn address(&self) -> Result<Address> {
        if self.format != FORMAT {
            return Err(self.refused(&format!(
                "it has format {}, and this release reads {FORMAT}; use one release in all processes",
                self.format
            )));
        }
        let key = HEX.decode(self.key.as_bytes()).ok().and_then(|key| key.try_into().ok());
        let key: [u8; 32] = key.ok_or_else(|| self.refused("its key is none"))?;
        Address::new(&self.function, self.namespace.as_deref(), &self.arguments, key)
    }

    /// The location, opened in this process.
    pub(crate) fn place(&self) -> Result<(Arc<Place>, Address)> {
        let address = self.address()?;
        let places = Session::current().places()?;
        let place = match self.location.as_str() {
            "root" => places.root().transpose()?,
            "local" => Some(places.local()?),
            _ => None,
        };
        let Some(place) = place else {
            let location = &self.location;
            return Err(self.refused(&format!(
                "it is for the location `{location}`, and this process has none; configure it as \
                 in the process that began"
            )));
        };
        let own = place.url(&self.backend);
        if own != self.filesystem {
            return Err(self.refused(&format!(
                "it is for {} at {}, and in this process that is {own}; configure it as in the \
                 process that began",
                self.location, self.filesystem
            )));
        }
        Ok((place, address))
    }

    pub(crate) fn is_for(&self, name: &LocationName, address: &Address) -> bool {
        let own = self.address();
        self.location == name.to_string() && own.is_ok_and(|own| own == *address)
    }

    pub(crate) fn refused(&self, why: &str) -> Error {
        let function = self.function.clone();
        Error::Usage { function, message: format!("the ticket cannot be used: {why}") }
    }
}
