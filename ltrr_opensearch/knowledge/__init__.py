"""What was learned, as immutable snapshots: memory, gazetteer, aggregates, exposure."""
