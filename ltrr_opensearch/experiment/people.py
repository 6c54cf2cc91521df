"""Who takes part in a live experiment, and in which arm: the same person in the same one, on every proxy. Pure.

A person is who the application says: a user, else a client (a browser's cookie, an installation), else a session. Who
is not named cannot be served alike twice and takes no part; nor does who asked not to be explored upon.
"""

from __future__ import annotations

from ltrr_opensearch.chance import seed_of, uniform
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.types import Asker


def arm_of(experiment: ExperimentSettings, asker: Asker, secret: str) -> int | None:
    """0 or 1, or None for who takes no part.

    A keyed hash with the experiment's name: no client can choose its arm, and who was together in one experiment is
    dealt anew in the next.
    """
    who = asker.person
    if who is None or not asker.explore:
        return None
    seed = seed_of(secret, who, {}, f"experiment {experiment.name}")
    return int(uniform(seed, 1) < 0.5) if uniform(seed, 0) < experiment.share else None
