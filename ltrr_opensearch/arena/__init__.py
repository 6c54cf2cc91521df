"""Replays searches through the engine's own pure stages, from rankings that were recorded once from a real cluster."""
