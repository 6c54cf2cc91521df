"""Settings of the learning job: what actions are worth, what asking costs, what is remembered, when it may serve."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ltrr_opensearch.section import Positive, Section, Share

ClickModelName = Literal["position", "coec", "cascade", "swaps"]
Loss = Annotated[float, Field(ge=-1, le=0)]


class LossSettings(Section):
    no_action: Loss = Field(0.0, description="Nobody acted and nothing followed: people may have found what they need.")
    requery: Loss = Field(0.0, description="The session searched again at once (learn.quick_requery_s).")
    rephrase: Loss = Field(0.0, description="The session put it in other words (learn.rephrase_s).")


class LearnSettings(Section):
    gains: dict[str, Share] = Field(
        default_factory=lambda: {
            "click": 0.5,
            "watch": 0.6,
            "view": 0.3,
            "like": 0.8,
            "favourite": 0.8,
            "add_to_cart": 0.8,
            "play": 0.8,
            "purchase": 1.0,
        },
        description="What an action is worth; actions not named are worth nothing.",
    )
    losses: LossSettings = Field(
        default_factory=LossSettings, description="What a search without an action is worth, by what followed."
    )
    price_per_candidate: float = Field(0.0002, ge=0, description="Taken from the reward for each candidate drawn.")
    price_per_plan: float = Field(
        0.001, ge=0, description="Taken from the reward for each plan asked beside the client's own query: a request."
    )
    price_per_ms: float = Field(0.0, ge=0, description="Taken from the reward for each millisecond of a plan.")
    window_s: Positive = Field(1800, description="How long after a search its events count.")
    late_days: float = Field(
        7.0,
        ge=0,
        description="Events up to so many days after their search correct what was counted of it, when they come after "
        "window_s or after the search was learned; 0: they are lost.",
    )
    quick_requery_s: Positive = Field(
        20, description="A next search of the session within this, unclicked, is a failure."
    )
    rephrase_s: Positive = Field(
        300, description="So is one within this that says the same in other words, or spells it otherwise."
    )
    user_cap: int = Field(50, ge=1, description="Most searches of one user that count in one run.")
    flood_per_minute: int = Field(
        120, ge=1, description="A user or client with more events a minute is left out as a bot."
    )
    memory_half_life_days: float = Field(
        60, ge=0.01, le=100_000, description="After this a remembered click weighs half."
    )
    memory_entities: int = Field(50, ge=1, description="Entities remembered a query.")
    memory_queries: int = Field(
        300_000,
        ge=1,
        description="Most queries that proxies remember, those with the most recent gain first; about 200 bytes each.",
    )
    memory_embedded: int = Field(
        20_000, ge=0, description="Most of these that can be found by meaning, too; each look-up compares all of them."
    )
    memory_users: int = Field(
        1,
        ge=1,
        description="Different people who must have acted on a query before others profit from it; with 2 or more, "
        "searches that name no user, client or session are remembered for nobody.",
    )
    memory_user_cap: int = Field(
        3,
        ge=1,
        description="Most searches of one person for the same query that the memory counts in one run, or in a portion "
        "of it (learn.max_rounds).",
    )
    personal_people: int = Field(
        0,
        ge=0,
        description="People, those with most gain lately, of whom is remembered what they acted upon for which query, "
        "for the strategy `personal` and for nobody else; 0: of nobody.",
    )
    half_life_searches: Positive = Field(
        20_000,
        description="Searches after which a reward weighs half in what lints, linucb, thompson and greedy learned, "
        "and in what vowpal expects exploring to cost (choose.explore_loss).",
    )
    labels: Literal["certain", "by_probability"] = Field(
        "certain", description="Whether vowpal takes what a search showed as it is, or weighs it by 1 / probability."
    )
    click_model: ClickModelName = Field(
        "position",
        description="How clicks are told from what was looked at: a position-based model, clicks over expected clicks, "
        "people who read from the top until satisfied (cascade), or only documents that were shown at several "
        "positions (swaps). The policy `direct` always goes by swaps.",
    )
    ranker: Literal["lambdamart", "linear", "unbiased"] = Field(
        "lambdamart",
        description="What orders candidates: trees or a linear model, both of the click model's grades; or trees of "
        "single searches' clicks that learn beside the order what a place explains (unbiased LambdaMART).",
    )
    rank_in: Literal["proxy", "cluster"] = Field(
        "proxy",
        description="Where logged features are scored: in the proxy, or in the cluster by the LTR plugin.",
    )
    gate_margin: float = Field(
        0.01,
        ge=0,
        description="A candidate may look at most this much worse than what serves; a policy may not be proven so much "
        "worse than the safe plan.",
    )
    history_days: Positive = Field(30, description="Searches of this many days train the ranker.")
    min_effective: Positive = Field(50, description="Least effective sample for which an estimate is given.")
    max_rounds: int = Field(
        10_000,
        ge=1,
        description="Most searches in memory at once: the newest, of which the ranker learns; the memory's portions.",
    )
    judge_rounds: int = Field(
        4_000, ge=1, description="Newest searches that a policy is judged on; older ones it has learned before."
    )
    workers: int = Field(0, ge=0, description="Most processes of this machine that read a long log; 0: one a core.")
    engine: Literal["local", "dask"] = Field("local", description="Who reads the log: this machine, or a Dask cluster.")
    dask_scheduler: str | None = Field(
        None, description="Address of the Dask cluster's scheduler, like tcp://scheduler:8786."
    )
    min_rounds: int = Field(100, ge=1, description="Fewer rounds than this publish nothing.")
    seed: int = Field(0, description="Seed of training.")
