//! The backend `sql` of nuthatch: tables in PostgreSQL, MySQL or MariaDB, and SQLite.
//!
//! Programs depend on the crate `nuthatch` and switch on its features `sql-postgres`,
//! `sql-mysql` or `sql-sqlite`.
//!
//! # Where tables lie
//!
//! Without options, in SQLite, in the file `.sql/tables.sqlite` below the location's folder. Else
//! where the options say:
//!
//! ```toml
//! [nuthatch.root.sql]
//! driver = "postgresql"         # or mysql, mariadb, sqlite
//! host = "db.example.org"
//! database = "lake"
//! user = "reader"               # reads; writes too, where nobody else is named
//! write_user = "writer"
//! # password and write_password: NUTHATCH_SQL_PASSWORD, NUTHATCH_SQL_WRITE_PASSWORD
//! ```
//!
//! | option | meaning |
//! |---|---|
//! | `driver` | `postgresql`, `mysql`, `mariadb` or `sqlite`; without it, PostgreSQL where there is a `host`, else SQLite |
//! | `host`, `port`, `database` | the server and its database; of SQLite, `database` is a file, relative to the location's folder |
//! | `user` (or `username`), `password` | who reads |
//! | `write_user` (or `write_username`), `write_password` | who writes, with connections of its own; else who reads |
//! | `url` | all of these as one, such as `postgresql://user@host:5432/database?sslmode=require`; single options are stronger. MySQL 8 takes a password over TLS alone (`ssl-mode=REQUIRED`) |
//! | `schema` | PostgreSQL's schema for what is in no namespace; `public` |
//! | `hash_table_name` | tables are named by hashes alone |
//! | `write_index` | views show the number of the row as `index` |
//! | `chunk_size` | rows of one statement and of one batch |
//! | `upsert_in_place` | an upsert changes the table itself, in one transaction of the database; where the entry has the value elsewhere, too, a copy of the table |
//! | `connect_timeout`, `lock_timeout` | seconds to wait for the server (10), and for others that use a table or view (5) |
//! | `max_connections` | at most so many for reading, and for writing (4) |
//!
//! Each generation is a table of its own, `daily_month=3~01m83m2xaakwk6vaw7thq64nqt`, that the
//! manifest names; a namespace is a schema (in MySQL and SQLite, the beginning of the name). So
//! readers see the old table or the new one, whole, and nothing is renamed while somebody reads.
//! After the commit a view, `daily_month=3~36qtfr7kd4n5vpxo`, is pointed at the table, for people.
//!
//! # Types
//!
//! Every value comes back as it was, and with its Arrow type, which the manifest holds. What a
//! database cannot hold is an error that names the column, before anything is written.
//!
//! | Arrow | PostgreSQL | MySQL, MariaDB | SQLite |
//! |---|---|---|---|
//! | `Boolean` | `boolean` | `boolean` | `boolean`: 0, 1 |
//! | `Int8`, `UInt8`, `Int16` | `smallint` | `smallint` | `integer` |
//! | `UInt16`, `Int32` | `integer` | `int` | `integer` |
//! | `UInt32`, `Int64`, `Duration` (its count) | `bigint` | `bigint` | `integer` |
//! | `UInt64` | `numeric(20, 0)` | `bigint unsigned` | integer; from 2⁶³ on text of 20 digits |
//! | `Float16`, `Float32` | `real` | `double` ¹ | `real` ² |
//! | `Float64` | `double precision` | `double` ¹ | `real` ² |
//! | `Decimal32` to `Decimal256` | `numeric` | `decimal`: up to 65 digits, 30 after the point | `text` |
//! | `Utf8`, `LargeUtf8`, `Utf8View` | `text`: no NUL | `longtext` | `text` |
//! | `Binary`, `LargeBinary`, `BinaryView`, `FixedSizeBinary` | `bytea` | `longblob` | `blob` |
//! | `Date32` | `date` | `date`: years 1000 to 9999 | `date`: text, years 0 to 9999 |
//! | `Time32`, `Time64` | `time` ³ | `time(6)` ³ | `time`: text |
//! | `Timestamp` without zone, `Date64` | `timestamp` ³ | `datetime(6)` ³ | `timestamp`: text |
//! | `Timestamp` with zone | `timestamptz` ³ | `datetime(6)` in UTC ³ | `timestamp`: text in UTC |
//! | `Dictionary`, `RunEndEncoded` | as their values | as their values | as their values |
//! | `Null` | `text` | `boolean` | without type |
//! | lists, structs, maps, unions, intervals | – | – | – |
//!
//! ¹ NaN and infinities, which MySQL does not have, are NULL to people; zero has no sign. ² NaN is
//! NULL to people; zero has no sign. ³ Cut to microseconds to people. The column `#exact` beside
//! them says what they are, a NaN by its bits. The column `#row` numbers the rows, which come back in
//! that order; views leave both out.
//!
//! A table has at most 1,598 columns in PostgreSQL, 1,015 in MySQL and 1,998 in SQLite. What else
//! bounds a row is an error before it is written, too: PostgreSQL has 8,160 bytes for one (1,016
//! columns of `double precision`; of a long text at most 24 bytes count), MySQL half a page (8,126
//! bytes as a rule: some 990 columns of `double`, or 195 of `longtext`, of which MariaDB holds more).
//!
//! A time series reads the rows of the days that are asked for, and a few days more, where its
//! column is a date or a timestamp; where it is a text, all rows are read, and clipped.
//!
//! A stored table is as safe as its database: nuthatch checks that all rows are there, of the types
//! that were written, and no checksums.

#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, reason = "a dialect uses a part of what they share; the full build sees all")
)]

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!(
    "the backend `sql` needs a driver: enable `sqlite`, `postgres` or `mysql` (of the crate \
     `nuthatch`: `sql-sqlite`, `sql-postgres` or `sql-mysql`)"
);

mod announced;
mod backend;
mod builder;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod connections;
mod decimal;
mod dialect;
mod exact;
mod failure;
mod frame;
mod gather;
mod kind;
mod merge;
#[cfg(feature = "mysql")]
mod mysql;
mod names;
mod options;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod scan;
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod times;
mod width;
mod within;

pub use backend::Sql;

/// The name of the backend in attributes, manifests and configuration.
pub const NAME: &str = "sql";

#[cfg(test)]
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod tests;
