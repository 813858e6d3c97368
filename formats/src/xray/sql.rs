//! The block `sql`.

use super::json::{Json, utf8};
use super::keys::Key;
use super::rows::Rows;
use super::segment::Segment;

/// The databases that speak SQL, under the names of all versions of the semantic conventions.
const SYSTEMS: [&str; 14] = [
    "db2",
    "derby",
    "hive",
    "ibm.db2",
    "mariadb",
    "microsoft.sql_server",
    "mssql",
    "mysql",
    "oracle",
    "oracle.db",
    "other_sql",
    "postgresql",
    "sqlite",
    "teradata",
];

/// Whether the span is a query in SQL.
pub(super) fn is_query(rows: &Rows<'_>) -> bool {
    let system = rows.first([Key::DbSystem, Key::DbSystemName]);
    system.is_some_and(|system| SYSTEMS.iter().any(|known| system == *known))
}

/// Writes the block, if the span is a query in SQL.
pub(super) fn write(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    if !segment.is_query {
        return;
    }
    let rows = segment.rows;
    let name = rows.first([Key::DbName, Key::DbNamespace]).map(utf8).unwrap_or_default();
    let server = rows.first([Key::DbConnectionString, Key::ServerAddress]).map_or("localhost".into(), utf8);
    json.key("sql");
    json.open('{');
    json.key("connection_string");
    json.text(&format!("{server}/{name}"));
    json.key("url");
    json.text(&utf8(segment.span.name()));
    json.member("sanitized_query", rows.first([Key::DbStatement, Key::DbQueryText]));
    json.member("database_type", rows.first([Key::DbSystem, Key::DbSystemName]));
    json.member("user", rows.text(Key::DbUser));
    json.close('}');
}
