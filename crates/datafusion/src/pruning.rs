//! Files and row groups of which a filter lets no row through: by the values of their partition, and
//! by the statistics in their footers.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};
use arrow_schema::{DataType, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use datafusion::physical_plan::PhysicalExpr;
use nuthatch_core::Result;
use nuthatch_table::parquet::ParquetScan;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;

/// Files of up to this many bytes are read in one request, footer and all.
const SMALL: u64 = 1 << 20;

/// What is left of a scan. A predicate that says nothing of ranges leaves all of it.
pub(crate) async fn prune(
    scan: &ParquetScan,
    predicate: &Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
) -> Result<ParquetScan> {
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
    let Ok(pruning) = builder.try_build(Arc::clone(predicate)) else { return Ok(scan.clone()) };
    if pruning.always_true() {
        return Ok(scan.clone());
    }
    let files: Vec<_> = scan.files().collect();
    let partitions = Partitions { scan, files: files.len() };
    let kept = keeps(&pruning, &partitions);
    let mut selected = Vec::new();
    for (index, (file, kept)) in files.iter().zip(kept).enumerate() {
        selected.push(match kept {
            false => Some(Vec::new()),
            true if file.bytes <= SMALL => None,
            true => {
                let footer = scan.footer(index).await?;
                let groups = Groups { footer: &footer, schema: &scan.file_schema() };
                let kept = keeps(&pruning, &groups).into_iter().enumerate();
                Some(kept.filter(|(_, kept)| *kept).map(|(group, _)| group).collect())
            }
        });
    }
    scan.select(selected)
}

/// What cannot be evaluated leaves nothing out.
fn keeps(pruning: &PruningPredicate, statistics: &dyn PruningStatistics) -> Vec<bool> {
    pruning.prune(statistics).unwrap_or_else(|_| vec![true; statistics.num_containers()])
}

/// The files of a partitioned table, each with one value in a column.
struct Partitions<'a> {
    scan: &'a ParquetScan,
    files: usize,
}

impl Partitions<'_> {
    fn values(&self, column: &Column) -> Option<ArrayRef> {
        let values = self.scan.partition_values()?;
        let values = values.column_by_name(column.name())?;
        has_order(values.data_type()).then(|| Arc::clone(values))
    }
}

impl PruningStatistics for Partitions<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.values(column)
    }

    fn num_containers(&self) -> usize {
        self.files
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// The row groups of one file.
struct Groups<'a> {
    footer: &'a ParquetMetaData,
    schema: &'a SchemaRef,
}

impl Groups<'_> {
    fn converter(&self, column: &Column) -> Option<StatisticsConverter<'_>> {
        let (_, field) = self.schema.column_with_name(column.name())?;
        let described = self.footer.file_metadata().schema_descr();
        let converter = StatisticsConverter::try_new(column.name(), self.schema, described);
        converter.ok().filter(|_| has_order(field.data_type()))
    }
}

impl PruningStatistics for Groups<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.converter(column)?.row_group_mins(self.footer.row_groups()).ok()
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.converter(column)?.row_group_maxes(self.footer.row_groups()).ok()
    }

    fn num_containers(&self) -> usize {
        self.footer.num_row_groups()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

/// Whether least and greatest values say where the others are. Of floats they do not: statistics
/// leave NaN out, and a filter lets it through as the greatest of all.
fn has_order(data_type: &DataType) -> bool {
    use DataType as D;
    data_type.is_integer()
        || matches!(
            data_type,
            D::Boolean
                | D::Date32
                | D::Date64
                | D::Time32(_)
                | D::Time64(_)
                | D::Timestamp(..)
                | D::Utf8
                | D::LargeUtf8
                | D::Utf8View
        )
}
