"""Getting an index ready and keeping it so: set-up, discovery, loading, backfill, sync, doctor."""
