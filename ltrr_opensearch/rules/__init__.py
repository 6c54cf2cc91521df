"""Rules of a search team: which of them a query meets, and what they make of an order. Pure."""
