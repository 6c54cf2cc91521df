"""Later pages of a search: its order, known to every proxy, and the hits that continue it."""
