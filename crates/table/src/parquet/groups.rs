//! Rows into row groups: as many rows as the options say, fewer where they are wide.

use arrow_array::{Array, RecordBatch};

/// About how many bytes a row group has in memory, at the most.
const MOST_BYTES: usize = 128 << 20;

/// Rows that wait until they are a row group.
#[derive(Debug)]
pub(super) struct Groups {
    most_rows: usize,
    waiting: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

impl Groups {
    pub(super) fn new(most_rows: usize) -> Self {
        Self { most_rows, waiting: Vec::new(), rows: 0, bytes: 0 }
    }

    /// Takes a batch, and gives the row groups that are full.
    pub(super) fn push(&mut self, mut batch: RecordBatch) -> Vec<Vec<RecordBatch>> {
        let mut full = Vec::new();
        let row_bytes = (size(&batch) / batch.num_rows().max(1)).max(1);
        while batch.num_rows() > 0 {
            let by_bytes = MOST_BYTES.saturating_sub(self.bytes) / row_bytes;
            let room = (self.most_rows - self.rows).min(by_bytes).max(usize::from(self.rows == 0));
            let taken = room.min(batch.num_rows());
            if taken > 0 {
                self.rows += taken;
                self.bytes += taken * row_bytes;
                self.waiting.push(batch.slice(0, taken));
                batch = batch.slice(taken, batch.num_rows() - taken);
            }
            if self.rows >= self.most_rows || self.bytes + row_bytes > MOST_BYTES {
                full.extend(self.take());
            }
        }
        full
    }

    /// What waits, if anything does.
    pub(super) fn take(&mut self) -> Option<Vec<RecordBatch>> {
        (self.rows, self.bytes) = (0, 0);
        let waiting = std::mem::take(&mut self.waiting);
        (!waiting.is_empty()).then_some(waiting)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What the rows of a batch take, without what its buffers hold of other rows.
fn size(batch: &RecordBatch) -> usize {
    let size = |array: &dyn Array| {
        let data = array.to_data();
        data.get_slice_memory_size().unwrap_or_else(|_| data.get_array_memory_size())
    };
    batch.columns().iter().map(|column| size(column.as_ref())).fold(0, usize::saturating_add)
}
