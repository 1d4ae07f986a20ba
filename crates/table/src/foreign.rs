//! Backends for table types of other crates.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures::future::BoxFuture;
use nuthatch_core::Result;
use nuthatch_core::backend::{Backend, Remover, Source, Target, Written};
use nuthatch_core::time::TimeRange;

use crate::held::Held;
use crate::table::Table;

/// A type of another crate that is a table by way of a type of an engine's own.
///
/// `By` is a type of the engine's crate: it makes the implementation one of that crate's.
pub trait Foreign<By>: Send + Sync + Sized + 'static {
    /// The engine's own type.
    type Table: Table;
    /// Whether the type is lazy: what was stored is given back opened, so that a plan is never
    /// executed twice.
    const IS_LAZY: bool;

    /// The value as the engine's own; cheap.
    fn as_table(&self) -> Self::Table;

    /// The value.
    fn of_table(table: Self::Table) -> Self;
}

/// The backend `B`, which stores tables, for the types of an engine.
pub struct Of<B, By> {
    backend: B,
    by: PhantomData<fn() -> By>,
}

impl<B, By> Of<B, By> {
    /// The backend for the types of `By`.
    pub const fn new(backend: B) -> Self {
        Self { backend, by: PhantomData }
    }
}

impl<B: fmt::Debug, By> fmt::Debug for Of<B, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Of").field(&self.backend).finish()
    }
}

impl<B, By: 'static, V> Backend<V> for Of<B, By>
where
    V: Foreign<By>,
    B: Backend<V::Table>,
{
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn type_shape(&self) -> Option<String> {
        self.backend.type_shape()
    }

    fn write<'a>(&'a self, value: &'a V, target: &'a Target) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move { self.backend.write(&value.as_table(), target).await })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<V>> {
        Box::pin(async move { Ok(V::of_table(self.backend.read(source).await?)) })
    }

    fn read_within<'a>(
        &'a self,
        source: &'a Source,
        within: &'a TimeRange,
    ) -> BoxFuture<'a, Result<V>> {
        Box::pin(async move { Ok(V::of_table(self.backend.read_within(source, within).await?)) })
    }

    fn copy<'a>(
        &'a self,
        source: &'a Source,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Option<Written>>> {
        self.backend.copy(source, target)
    }

    fn weigh(&self, value: &V) -> u64 {
        self.backend.weigh(&value.as_table())
    }

    fn reopens(&self, value: &V) -> bool {
        V::IS_LAZY || self.backend.reopens(&value.as_table())
    }

    fn can_upsert(&self) -> bool {
        self.backend.can_upsert()
    }

    /// A plan is executed once, and what is merged are its rows, as upserts have them in memory.
    fn settled<'a>(&'a self, value: &'a V) -> BoxFuture<'a, Result<Option<V>>> {
        Box::pin(async move {
            if !V::IS_LAZY {
                return Ok(None);
            }
            let table = value.as_table();
            let held = Held::of(table.rows().await?).await?;
            Ok(Some(V::of_table(V::Table::from_scan(Arc::new(held)).await?)))
        })
    }

    fn upsert<'a>(
        &'a self,
        value: &'a V,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move { self.backend.upsert(&value.as_table(), keys, base, target).await })
    }

    fn remover(&self) -> Option<&'static dyn Remover> {
        self.backend.remover()
    }

    fn publishes(&self) -> bool {
        self.backend.publishes()
    }

    fn publish<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<()>> {
        self.backend.publish(source)
    }
}
