"""Whether what was trained may serve. Pure: a documented rule over figures, and the reason in words.

A candidate passes when enough searches speak for it and it looks at most `learn.gate_margin` worse than what serves,
by the point estimate, on searches that it was not trained on. A policy may not be proven worse than the safe plan by
more than that either: what serves is replaced again and again, and a little worse each time would add up until that is
proven. By the point estimate good policies would be refused, since an apprentice's log shows the safe plan seldom. The
interval is reported beside it: with few searches it is wide, and waiting for it to narrow would stop learning where it
is needed most. The first ranker takes the place of an order that nobody had to learn: it must be proven ahead of that,
or clicks that mean nothing would sooner or later let one pass. What the log cannot judge at all is refused, and what
serves stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from ltrr_opensearch.learn_settings import LearnSettings

LEAST_ACTED = 5
"""One in so many of `learn.min_rounds` searches must have been acted upon."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A candidate beside what serves, in a mean per search: reward of policies, nDCG@10 of rankers."""

    measure: str
    candidate: float
    serving: float
    low: float
    high: float
    """Ends of the interval of candidate - serving."""
    rounds: int
    """Searches that it was judged on."""
    refusal: str = ""
    """Why the log cannot judge it, where it cannot."""
    first: bool = False
    """Whether nothing learned serves, so that the candidate has to be proven better."""
    safe: float | None = None
    """The same of the safe plan, which would serve had nothing been learned; None where it does or cannot be told."""
    safe_high: float = 0.0
    """Upper end of the interval of candidate - safe."""
    safe_untold: str = ""
    """Why the log cannot tell that."""

    @property
    def difference(self) -> float:
        return self.candidate - self.serving


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: str
    passed: bool
    reason: str
    compared: Compared | None = None


def too_few(kind: str, rounds: int, learn: LearnSettings) -> Verdict | None:
    """A refusal where there is too little to learn from, else None."""
    if rounds >= learn.min_rounds:
        return None
    return Verdict(kind, False, f"{rounds} searches, fewer than learn.min_rounds {learn.min_rounds}; ask again later")


def unheard(kind: str, acted: int, learn: LearnSettings) -> Verdict | None:
    """A refusal where hardly anybody acted: all that such a log teaches is that asking nothing is cheapest."""
    least = max(1, learn.min_rounds // LEAST_ACTED)
    if acted >= least:
        return None
    why = f"{acted} searches were acted upon, fewer than {least} (learn.min_rounds / {LEAST_ACTED}); send events"
    return Verdict(kind, False, why)


def judge(kind: str, compared: Compared, learn: LearnSettings) -> Verdict:
    if compared.refusal:
        return Verdict(kind, False, f"the log cannot judge it: {compared.refusal}", compared)
    figures = f"{compared.measure} {compared.candidate:.4f} against {compared.serving:.4f}"
    if not compared.difference >= -learn.gate_margin:
        return Verdict(kind, False, f"{figures}: worse by more than learn.gate_margin {learn.gate_margin:g}", compared)
    if compared.first and not compared.low > 0:
        proof = f"not proven better, the interval of the difference is {compared.low:.4f} to {compared.high:.4f}"
        return Verdict(
            kind, False, f"{figures}: the first of its kind, and {proof}; ask again with more searches", compared
        )
    if compared.safe is not None:
        figures += f", the safe plan {compared.safe:.4f}"
        if not compared.safe_high >= -learn.gate_margin:
            why = f"proven worse than if nothing were learned by more than learn.gate_margin {learn.gate_margin:g}"
            return Verdict(kind, False, f"{figures}: {why}", compared)
    if compared.safe_untold:
        figures += f"; beside the safe plan the log cannot judge it: {compared.safe_untold}"
    return Verdict(kind, True, figures, compared)
