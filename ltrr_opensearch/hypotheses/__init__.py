"""Competing hypotheses of what was meant, from systems whose scores are not comparable, and who orders them.

Every domain has weights of its own, trained and published without the others. Pure but for training, which needs
scipy.
"""
