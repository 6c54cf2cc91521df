"""How likely the log was to show a target's action: slot by slot, given what the slots before had drawn.

The weight of a search up to a slot is 1 / the product of these probabilities where the log shows it, else 0: its mean
is 1, whatever was logged, as long as nothing is impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.evaluate.table import Floats, Rungs, Table


class Shown(NamedTuple):
    """[search, slot] of both."""

    shown: NDArray[np.bool_]
    chance: Floats
    """Probability of `shown`, given the draws before; where one before was not shown, as far as the log tells."""

    @property
    def weights(self) -> Floats:
        """Cumulated over the slots."""
        single = np.where(self.shown, 1.0 / np.where(self.shown, self.chance, 1.0), 0.0)
        return np.asarray(single.cumprod(axis=1))

    @property
    def possible(self) -> Floats:
        """[search]: the weight that the search has or would have had, had it been shown: 1 / its probability.

        A weight that was never drawn cannot be seen in the weights, but it can be here.
        """
        return np.asarray((1.0 / np.where(self.chance > 0, self.chance, 1.0)).prod(axis=1))

    @property
    def unsupported(self) -> Floats:
        """[search]: weight that ends where the log could not show the target; its mean is the share without support."""
        before = np.hstack([np.ones((len(self.shown), 1)), self.weights[:, :-1]])
        return np.asarray((before * (self.chance <= 0)).sum(axis=1))


Weighing = Callable[[Table, Rungs], Shown]


def nested(table: Table, rungs: Rungs) -> Shown:
    """Asked at least as deep as the target, and leaving budget for the rest of it.

    A deeper list shows the shallower one. The second half keeps every event possible, so that weights have mean 1.
    """
    depths = table.ladder[rungs]
    spent = np.cumsum(table.ladder[table.drawn], axis=1) - table.ladder[table.drawn]
    rest = depths[:, ::-1].cumsum(axis=1)[:, ::-1] - depths
    # beyond a slot that spent too much there is no room, and what comes then only says how likely it would have been
    room = np.maximum(table.budget - spent - rest, depths)
    shows = (table.ladder >= depths[:, :, None]) & (table.ladder <= room[:, :, None])
    return _shown(table, shows)


def product(table: Table, rungs: Rungs) -> Shown:
    """Exactly the target's depth in every slot: the textbook's propensity of a factored action."""
    return _shown(table, np.arange(len(table.ladder)) == rungs[:, :, None])


def _shown(table: Table, shows: NDArray[np.bool_]) -> Shown:
    shown = np.take_along_axis(shows, table.drawn[:, :, None], axis=2)[:, :, 0]
    return Shown(shown, np.einsum("ijk,ijk->ij", table.pmf, shows.astype(float)))


WEIGHINGS: Mapping[str, Weighing] = {"nested": nested, "product": product}
