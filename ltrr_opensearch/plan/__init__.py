"""Strategies: each proposes a plan for a query, or nothing. Pure."""
