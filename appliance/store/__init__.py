"""The store: TinyDB tables on SQLite rows, the sale journal, the catalogue, small documents (docs/architecture.md)."""
