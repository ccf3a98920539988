"""The way to the hub: the contract (topics, messages), the connection, the upload of the journal, the catalogue."""
