"""Where a load writes: an index, an alias with one index to write to, or a data stream, of new documents only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.errors import DataError


@dataclass(frozen=True, slots=True)
class Destination:
    """`identity` changes when the index is made anew, or rolled over."""

    name: str
    action: str
    identity: str

    def already_there(self, status: int) -> bool:
        """Whether a refusal only says that a data stream has this document."""
        return self.action == "create" and status == 409


def destination(client: OpenSearch, name: str) -> Destination:
    """Refuses, before the first document, what every document would be refused by."""
    try:
        return _judged(name, client.indices.get(index=name, flat_settings=True))
    except NotFoundError:
        raise DataError(f"there is no index {name} to load into; `ltrr setup {name}` makes it") from None


def _judged(name: str, found: Mapping[str, Any]) -> Destination:
    if any(c in name for c in "*?,") or not found:
        raise DataError(f"{name} stands for any number of indexes; load into one of them: {', '.join(found) or 'none'}")
    uuids = "-".join(sorted(body["settings"]["index.uuid"] for body in found.values()))
    identity = hashlib.sha256(uuids.encode()).hexdigest()[:16]
    if any(body.get("data_stream") == name for body in found.values()):
        return Destination(name, "create", identity)
    aliases = {index: body["aliases"][name] for index, body in found.items() if name in body.get("aliases", {})}
    writable = [i for i, alias in aliases.items() if alias.get("is_write_index", len(aliases) == 1)]
    if aliases and not writable:
        choice = f'{{"index": "{min(aliases)}", "alias": "{name}", "is_write_index": true}}'
        raise DataError(
            f"alias {name} has no index to write to among {', '.join(sorted(aliases))}; load into one of them, or: "
            f'POST /_aliases {{"actions": [{{"add": {choice}}}]}}'
        )
    return Destination(name, "index", identity)
