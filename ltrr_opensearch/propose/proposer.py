"""Proposes values for the fields that documents lack, each with its confidence.

A confidence is the chance that the value is right where the field applies to the document at all; whether it does is
not known of a document that lacks it. So nothing is proposed where documents like it seldom have the field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.hypotheses.calibrate import sigmoid
from ltrr_opensearch.knowledge.columns import pack_columns, unpack_columns
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.propose.classifier import Classifier
from ltrr_opensearch.propose.dictionary import SaidValues, said_in
from ltrr_opensearch.propose.evidence import COLUMNS, evidence
from ltrr_opensearch.propose.written import Written
from ltrr_opensearch.types import Doubles, Json, Matrix, Vector

LEAST_USUAL = 0.25
"""Share of the documents like it that have the field, below which a document is taken to lack it rightly."""
MOST_VALUES = 3
"""Values of a field that are proposed for one document."""
WITH, WITHOUT = "with", "without"
_MAGIC = b"LTRRATT1"


class Proposed(NamedTuple):
    key: str
    value: str
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class FieldModel:
    field: str
    spelled: Mapping[str, str]
    """Key of a value -> how the field usually spells it."""
    shares: Mapping[str, float]
    """Key of a value -> share of the field's documents that have it."""
    weights: Doubles
    """Of `COLUMNS`, for documents with an embedding."""
    weights_of_text: Doubles
    """Of the same, for those without."""
    classifier: Classifier | None
    usual: Classifier | None
    """`WITH` or `WITHOUT` the field."""
    only_said: bool
    """Of a boolean: silence mostly means no, so yes is proposed only where the text says it, and no never."""

    def confidences(self, said: SaidValues, posterior: Doubles | None) -> list[Proposed]:
        """All candidates of a document, the surest first."""
        classes = self.classifier.values if self.classifier else ()
        keys, rows = evidence(said, classes, posterior, self.shares, only_said=self.only_said)
        sure = sigmoid(rows @ (self.weights_of_text if posterior is None else self.weights))
        found = [Proposed(k, self.spelled.get(k, k), float(c)) for k, c in zip(keys, sure, strict=True)]
        return sorted(found, key=lambda p: (-p.confidence, p.key))


@dataclass(frozen=True, slots=True, eq=False)
class Proposer:
    gazetteer: Gazetteer
    fields: Mapping[str, FieldModel]

    def propose(self, documents: Sequence[Written], least: float) -> list[dict[str, list[Proposed]]]:
        """For each document, the fields that it lacks with the values that are sure enough."""
        vectors = [document.vector for document in documents]
        applying = {field: applies(model.usual, vectors) for field, model in self.fields.items()}
        lacking = [
            [field for field in self.fields if field not in document.values and applying[field][i]]
            for i, document in enumerate(documents)
        ]
        sure = (
            {field: [p for p in of if p.confidence >= least][:MOST_VALUES] for field, of in found.items()}
            for found in self.candidates(documents, lacking)
        )
        return [{field: of for field, of in found.items() if of} for found in sure]

    def candidates(
        self, documents: Sequence[Written], fields: Sequence[Collection[str]]
    ) -> Iterator[dict[str, list[Proposed]]]:
        """For each document the candidates of its `fields`, whether it lacks them or not."""
        place, vectors = embedded([document.vector for document in documents])
        asked = {field: m for field, m in self.fields.items() if any(field in of for of in fields)}
        posterior = {f: m.classifier.posterior(vectors) for f, m in asked.items() if m.classifier and place}
        for i, (document, wanted) in enumerate(zip(documents, fields, strict=True)):
            said = said_in(document.texts, self.gazetteer, wanted) if wanted else {}
            near = {f: posterior[f][place[i]] for f in wanted if f in posterior} if i in place else {}
            yield {f: self.fields[f].confidences(said.get(f, {}), near.get(f)) for f in wanted}

    def to_bytes(self) -> bytes:
        """Without the gazetteer, which is a part of its own."""
        columns: dict[str, Matrix | Doubles] = {}
        for i, model in enumerate(self.fields.values()):
            columns |= {f"{i}.weights": model.weights, f"{i}.weights_of_text": model.weights_of_text}
            for name, one in (("classifier", model.classifier), ("usual", model.usual)):
                if one is not None:
                    columns |= {f"{i}.{name}.rows": one.rows, f"{i}.{name}.offsets": one.offsets}
        head = {"columns": COLUMNS, "fields": [_told(model) for model in self.fields.values()]}
        return pack_columns(_MAGIC, head, columns)

    @classmethod
    def from_bytes(cls, data: bytes, gazetteer: Gazetteer) -> Proposer:
        head, columns = unpack_columns(_MAGIC, data)
        try:
            if tuple(head["columns"]) != COLUMNS:
                raise ValueError(f"made for {head['columns']}")
            fields = [_field(told, i, columns) for i, told in enumerate(head["fields"])]
        except (KeyError, TypeError, ValueError) as e:
            raise ModelError(f"proposer: unusable ({e!r}); make it again with `ltrr attributes propose`") from e
        return cls(gazetteer, {model.field: model for model in fields})


def applies(usual: Classifier | None, vectors: Sequence[Vector | None]) -> NDArray[np.bool_]:
    """Whether documents with such embeddings have the field often enough; without one nothing speaks against it."""
    usually = np.ones(len(vectors), dtype=bool)
    place, stacked = embedded(vectors)
    if usual is not None and place:
        chances = np.exp(usual.posterior(stacked)[:, usual.values.index(WITH)])
        usually[list(place)] = chances >= LEAST_USUAL
    return usually


def embedded(vectors: Sequence[Vector | None]) -> tuple[dict[int, int], Matrix]:
    """The rows of those that are there, and all of them as a matrix."""
    there = [i for i, vector in enumerate(vectors) if vector is not None]
    return {i: row for row, i in enumerate(there)}, np.array([vectors[i] for i in there], dtype=np.float32)


def _told(model: FieldModel) -> Json:
    classes = {name: one.values for name in ("classifier", "usual") if (one := getattr(model, name)) is not None}
    told = {"field": model.field, "spelled": dict(model.spelled), "shares": dict(model.shares), "classes": classes}
    return {**told, "only_said": model.only_said}


def _field(told: Json, i: int, columns: Mapping[str, Matrix]) -> FieldModel:
    def classifier(name: str) -> Classifier | None:
        if name not in told["classes"]:
            return None
        values = tuple(told["classes"][name])
        return Classifier(values, columns[f"{i}.{name}.rows"], columns[f"{i}.{name}.offsets"])

    return FieldModel(
        told["field"],
        told["spelled"],
        told["shares"],
        columns[f"{i}.weights"].astype(np.float64),
        columns[f"{i}.weights_of_text"].astype(np.float64),
        classifier("classifier"),
        classifier("usual"),
        told["only_said"],
    )
