//! `COPY` through sqlx, in the binary format, for these five columns and nothing else.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;
use sqlx::{Connection, PgConnection, raw_sql};

/// From 1970, which Arrow counts from, to 2000.
const EPOCH: i64 = 946_684_800_000_000;

pub(crate) async fn store(url: &str, batch: &RecordBatch) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    raw_sql("DROP TABLE IF EXISTS bare").execute(&mut connection).await?;
    raw_sql(
        "BEGIN; CREATE TABLE bare (n bigint, x double precision, y double precision, \
         weather text, time timestamp)",
    )
    .execute(&mut connection)
    .await?;
    let mut copy = connection.copy_in_raw("COPY bare FROM STDIN (FORMAT binary)").await?;
    let n = batch.column(0).as_primitive::<Int64Type>();
    let x = batch.column(1).as_primitive::<Float64Type>();
    let y = batch.column(2).as_primitive::<Float64Type>();
    let weather = batch.column(3).as_string::<i32>();
    let time = batch.column(4).as_primitive::<TimestampMicrosecondType>();
    let mut buffer = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for row in 0..batch.num_rows() {
        buffer.extend_from_slice(&5_i16.to_be_bytes());
        field(&mut buffer, &n.value(row).to_be_bytes());
        field(&mut buffer, &x.value(row).to_be_bytes());
        field(&mut buffer, &y.value(row).to_be_bytes());
        field(&mut buffer, weather.value(row).as_bytes());
        field(&mut buffer, &(time.value(row) - EPOCH).to_be_bytes());
        if buffer.len() >= 1 << 20 {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(buffer.as_slice()).await?;
    copy.finish().await?;
    raw_sql("COMMIT").execute(&mut connection).await?;
    connection.close().await
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Receives the rows and makes nothing of them; says how many there were.
pub(crate) async fn recall(url: &str) -> sqlx::Result<usize> {
    let mut connection = PgConnection::connect(url).await?;
    let mut messages = connection.copy_out_raw("COPY bare TO STDOUT (FORMAT binary)").await?;
    let mut count = 0_usize;
    while let Some(message) = messages.try_next().await? {
        count += usize::from(message.len() > 2);
    }
    Ok(count)
}
