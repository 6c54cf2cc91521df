"""Merges the plans' hits into one union that remembers who found what."""
