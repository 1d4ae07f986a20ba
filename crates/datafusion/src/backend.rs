//! A tabular backend for frames.

use datafusion::dataframe::DataFrame;
use futures::future::BoxFuture;
use nuthatch_core::Result;
use nuthatch_core::backend::{Backend, Source, Target, Written};
use nuthatch_core::time::TimeRange;

use crate::frame::Frame;

/// The backend `B`, which stores tables, for DataFusion's frames.
///
/// A frame that was stored is read back at once, so that its plan is never executed twice.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frames<B>(pub B);

impl<B: Backend<Frame>> Backend<DataFrame> for Frames<B> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn type_shape(&self) -> Option<String> {
        self.0.type_shape()
    }

    fn write<'a>(
        &'a self,
        value: &'a DataFrame,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move { self.0.write(&Frame(value.clone()), target).await })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<DataFrame>> {
        Box::pin(async move { Ok(self.0.read(source).await?.0) })
    }

    fn read_within<'a>(
        &'a self,
        source: &'a Source,
        within: &'a TimeRange,
    ) -> BoxFuture<'a, Result<DataFrame>> {
        Box::pin(async move { Ok(self.0.read_within(source, within).await?.0) })
    }

    fn weigh(&self, value: &DataFrame) -> u64 {
        self.0.weigh(&Frame(value.clone()))
    }

    fn reopens(&self, _: &DataFrame) -> bool {
        true
    }

    fn can_upsert(&self) -> bool {
        self.0.can_upsert()
    }

    fn upsert<'a>(
        &'a self,
        value: &'a DataFrame,
        keys: &'a [&'a str],
        base: Option<&'a Source>,
        target: &'a Target,
    ) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move { self.0.upsert(&Frame(value.clone()), keys, base, target).await })
    }

    fn publishes(&self) -> bool {
        self.0.publishes()
    }

    fn publish<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, Result<()>> {
        self.0.publish(source)
    }
}
