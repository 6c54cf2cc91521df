"""A request that reached the relay, and what of ours or the client's it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes

    @property
    def is_log(self) -> bool:
        """Our records on their way."""
        return self.path.startswith("/_bulk")

    @property
    def is_search(self) -> bool:
        return "/_search" in self.path

    @property
    def is_ours(self) -> bool:
        """A search that the client did not ask for: a plan, features, the winners' fetch."""
        return self.is_search and b'"track_total_hits":false' in self.body

    @property
    def is_pages(self) -> bool:
        """The order of a search, shared with other proxies."""
        return "x_pages/" in self.path

    @property
    def is_plan(self) -> bool:
        return self.is_ours and b'{"ids":' not in self.body

    @property
    def is_features(self) -> bool:
        return self.is_ours and "include_named_queries_score" in self.path

    @property
    def is_winners(self) -> bool:
        """The fetch of what the client's own page lacks."""
        return self.is_ours and not self.is_plan and not self.is_features
