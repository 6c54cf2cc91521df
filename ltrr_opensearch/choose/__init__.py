"""Decides how deep each plan is asked; leaves to others what a reward is."""
