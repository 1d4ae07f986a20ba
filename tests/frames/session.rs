//! The session is the user's: what is stored, recalled, merged and clipped is planned by it.
//!
//! A distributed session has a planner of its own, which is where its plans leave for elsewhere.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use nuthatch::prelude::*;
use nuthatch::table::arrow_array::RecordBatch;
use nuthatch::table::datafusion::catalog::Session;
use nuthatch::table::datafusion::execution::SessionStateBuilder;
use nuthatch::table::datafusion::execution::context::QueryPlanner;
use nuthatch::table::datafusion::execution::object_store::ObjectStoreUrl;
use nuthatch::table::datafusion::logical_expr::LogicalPlan;
use nuthatch::table::datafusion::physical_plan::ExecutionPlan;
use nuthatch::table::datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use nuthatch::table::datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use nuthatch::table::{session, set_session};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::lake::Lake;
use crate::weather;

/// Notes every plan that it is given, and plans as DataFusion does.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<String>>);

#[async_trait]
impl QueryPlanner for Noting {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> nuthatch::table::datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        self.0.lock().unwrap().push(plan.display_indent().to_string());
        DefaultPhysicalPlanner::default().create_physical_plan(plan, session).await
    }
}

impl Noting {
    /// What was planned since the last call.
    fn plans(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Has the process plan by this planner.
fn plan_by(planner: &Arc<Noting>) {
    let state = SessionStateBuilder::new_with_default_features()
        .with_config(SessionConfig::new().with_target_partitions(1))
        .with_query_planner(Arc::clone(planner) as _)
        .build();
    set_session(SessionContext::new_with_state(state));
}

fn frame() -> nuthatch::Result<DataFrame> {
    session().read_batch(weather::year(2012)).map_err(nuthatch::Error::other)
}

#[cache(upsert_keys("date"))]
async fn daily() -> nuthatch::Result<DataFrame> {
    frame()
}

#[timeseries(dim = "date", start = start, end = end)]
#[cache]
async fn series(start: &str, end: &str) -> nuthatch::Result<DataFrame> {
    let _ = (start, end);
    frame()
}

async fn rows(frame: DataFrame) -> RecordBatch {
    let [batch] = <[RecordBatch; 1]>::try_from(frame.collect().await.unwrap()).unwrap();
    batch
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_recalled_and_merged_is_planned_by_the_session_of_the_user() {
    let _lake = Lake::new();
    let planner = Arc::new(Noting::default());
    plan_by(&planner);
    let computed = daily().await.unwrap();
    let stored = planner.plans();
    assert!(!stored.is_empty() && stored.iter().all(|plan| plan.contains("?table?")), "{stored:?}");

    assert_eq!(rows(computed).await, weather::year(2012));
    assert_eq!(planner.plans().len(), 1, "what was stored is opened in this session");
    let recalled = daily::call().strict(true).await.unwrap();
    assert_eq!(planner.plans().len(), 0, "and is planned when it is read");
    assert_eq!(rows(recalled).await, weather::year(2012));
    assert_eq!(planner.plans().len(), 1);

    let merged = daily::call().upsert(true).await.unwrap();
    assert!(!planner.plans().is_empty(), "the new rows are computed by it");
    assert_eq!(rows(merged).await, weather::year(2012));
    assert_eq!(planner.plans().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_clipped_in_the_session_of_the_user() {
    let _lake = Lake::new();
    let planner = Arc::new(Noting::default());
    plan_by(&planner);
    series("2012-01-01", "2012-12-31").await.unwrap();
    planner.plans();
    let february = series::call("2012-02", "2012-02").strict(true).await.unwrap();
    assert_eq!(rows(february).await, weather::year(2012).slice(31, 29));
    let plans = planner.plans();
    assert!(plans.len() == 1 && plans[0].contains("date"), "{plans:?}");
    assert!(plans[0].contains("filters"), "the bounds are part of what is planned: {plans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stores_of_the_locations_are_known_to_a_session_that_replaces_another() {
    let _lake = Lake::in_memory();
    daily().await.unwrap();
    let root = ObjectStoreUrl::parse("memory://root").unwrap();
    let bare = SessionContext::new();
    assert!(bare.runtime_env().object_store(&root).is_err());
    set_session(bare.clone());
    // It has what lies there, by the URL that people are told.
    let store = bare.runtime_env().object_store(&root).unwrap();
    let uri = daily::uri().await.unwrap().unwrap();
    let folder = uri.strip_prefix("memory://root/").unwrap();
    let file = Path::parse(format!("{folder}/value.parquet/part-00000.parquet")).unwrap();
    assert!(store.head(&file).await.unwrap().size > 0);
    // A location that is opened later is made known when frames are recalled.
    nuthatch::set_parameter!("filesystem", "memory://elsewhere").unwrap();
    daily().await.unwrap();
    drop(session());
    let elsewhere = ObjectStoreUrl::parse("memory://elsewhere").unwrap();
    assert!(bare.runtime_env().object_store(&elsewhere).is_ok());
}
