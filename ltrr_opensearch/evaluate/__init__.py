"""Says how good something is, and how sure that is."""
