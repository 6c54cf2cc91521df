"""What a warm start is worth, on the recorded shop of the other replays."""

from io import StringIO

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.learning_warm import ARMS, COLD, MOST_CLICKED, WARM, Judged, bring, replayed
from ltrr_opensearch.bench.recorded import Recorded
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.terms import Terms
from tests.arena.shop import QUERIES, recording
from tests.bench.test_learning_bestbuy import SHOP, clicks

MADE = Recorded(SHOP, recording(), Gazetteer.from_values(()), Terms())


def test_what_the_past_taught_is_there_on_the_first_day() -> None:
    console = Console(file=StringIO())
    every = clicks(3)
    cut = len(every) * 2 // 3
    past, after = every[:cut], every[cut:]
    brought = bring(console, MADE, past)
    assert brought.policy
    assert len(brought.growing.entries) == len(QUERIES)
    answered = {arm: replayed(MADE, after, arm, brought) for arm in ARMS}
    assert all("q2e" in one.places for one in answered[WARM])
    assert not any("q2e" in one.places for one in answered[COLD])
    judged = Judged(MADE, past, after, answered)
    found = {f.name: f for f in judged.figures(brought.policy)}
    lead = found[f"warm_start_first_day_mrr_lead_over {COLD}"]
    assert lead.interval
    assert lead.value == lead.interval[0] > 0
    assert not lead.falls_short
    assert found[f"warm_start_days_mrr_lead_over {MOST_CLICKED}"].beside == (MOST_CLICKED, 1.0)
    assert found[f"warm_start_days_mrr {WARM}"].value == np.mean([1 / (one.rank or np.inf) for one in answered[WARM]])
    assert judged.memory_first(after, brought).interval == (0.0, 0.0)  # both know the one product that is clicked
    assert judged.other(1, answered[WARM]).value == lead.value
