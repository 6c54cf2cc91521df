"""Orders candidates by a learned model over logged features, plan ranks and scores, and the query."""
