"""Parts as documents: chunks under a version that never changes, the first of them with all that describes the part.

Whatever is wrong with a stored part ends in a `PartError` that names it, so that the others can serve without it.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError, LtrrError, ModelError, PartError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.unused import WRITTEN
from ltrr_opensearch.types import Json

CHUNK_BYTES = 4 * 2**20
REMEDY = "publish it again with `ltrr learn` or `ltrr setup`, or go back with `ltrr models rollback`"


@contextmanager
def reading(kind: str, version: str, index: str) -> Iterator[None]:
    """Whatever goes wrong inside is a fault of this part; a cluster that does not answer is none."""
    try:
        yield
    except (PartError, ClusterError, OpenSearchException):
        raise
    except Exception as error:
        said = str(error) if isinstance(error, LtrrError) else f"cannot be read, {type(error).__name__}: {error}"
        fault, _, remedy = said.partition("; ")
        raise PartError(kind, version, index, fault, remedy or REMEDY) from error


class PartStore:
    def __init__(self, client: OpenSearch, models: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._models = models
        self._clock = clock

    def read(self, index: str, kind: str, version: str) -> Part:
        """One published part, its checksum verified before anything is made of its bytes."""
        name = part_name(index, kind, version)
        first = self._chunk(name, 0, (kind, version, index))
        with reading(kind, version, index):
            count = int(first["chunks"])
        rest = [self._chunk(name, number, (kind, version, index)) for number in range(1, count)]
        with reading(kind, version, index):
            return _part(index, kind, version, [first, *rest])

    def meta(self, index: str, kind: str, version: str) -> Json:
        """What a part says of itself, without its bytes; empty where it is lost."""
        id, only = f"{part_name(index, kind, version)}-0", {"_source_includes": "meta"}
        found = self._client.get(index=self._models, id=id, params=only, ignore=404)
        meta: Json = found.get("_source", {}).get("meta", {})
        return meta

    def write(self, index: str, part: Part) -> None:
        if hashlib.sha256(part.payload).hexdigest() != part.sha256:
            raise ModelError(f"{part.kind} {part.version} of index {index!r} was changed after its checksum was taken")
        name = part_name(index, part.kind, part.version)
        starts = range(0, len(part.payload), CHUNK_BYTES) or range(1)
        # the first chunk makes the part readable, so it is written last
        for chunk in reversed(range(len(starts))):
            document: Json = {"kind": part.kind, "index": index, "version": part.version, "chunk": chunk}
            document[WRITTEN] = self._clock().astimezone(UTC).isoformat()
            document["payload"] = b64encode(part.payload[starts[chunk] : starts[chunk] + CHUNK_BYTES]).decode()
            if chunk == 0:
                document |= {"chunks": len(starts), "sha256": part.sha256, "algorithm": part.algorithm}
                document |= {"created": part.created.isoformat(), "meta": part.meta}
                document |= {"checks": part.checks, "metrics": part.metrics}
            self._client.index(index=self._models, id=f"{name}-{chunk}", body=document)

    def delete(self, index: str, kind: str, version: str) -> None:
        """Of a part that no release names; nothing where it is gone already."""
        name = part_name(index, kind, version)
        first = self._client.get(index=self._models, id=f"{name}-0", params={"_source_includes": "chunks"}, ignore=404)
        if first.get("found"):
            chunks = range(int(first["_source"]["chunks"]))
            self._client.bulk(index=self._models, body=[{"delete": {"_id": f"{name}-{chunk}"}} for chunk in chunks])

    def _chunk(self, name: str, number: int, part: tuple[str, str, str]) -> Json:
        found = self._client.get(index=self._models, id=f"{name}-{number}", ignore=404)
        if not found.get("found"):
            raise PartError(*part, f"lacks its chunk {number} in {self._models}", REMEDY)
        source: Json = found["_source"]
        return source


def encoded(index: str) -> str:
    """An index key may hold wildcards and commas, which an `_id` in a URL should not."""
    return quote(index, safe="")


def part_name(index: str, kind: str, version: str) -> str:
    return f"{kind}-{encoded(index)}-{version}"


def _part(index: str, kind: str, version: str, chunks: list[Json]) -> Part:
    first = chunks[0]
    payload = b"".join(b64decode(chunk["payload"], validate=True) for chunk in chunks)
    if (found := hashlib.sha256(payload).hexdigest()) != first["sha256"]:
        raise ModelError(f"damaged: sha256 {found[:12]} instead of {first['sha256'][:12]}")
    return Part(
        kind=kind,
        index=index,
        version=version,
        algorithm=first["algorithm"],
        payload=payload,
        sha256=found,
        created=datetime.fromisoformat(first["created"]),
        meta=first["meta"],
        checks=first["checks"],
        metrics=first["metrics"],
    )
