"""The local node: one real OpenSearch for trying and testing. Never for production: it listens on the loopback only,
without security."""
