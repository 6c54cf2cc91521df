"""Learns a proposer from documents that have the fields, and says how right it is on documents left out.

Documents are dealt to folds. What is known of a document comes of the other folds: its values' likeness to choose
weights by, and then the confidences to judge by, whose weights were chosen without its fold. In the end all teach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from zlib import crc32

import numpy as np

from ltrr_opensearch.hypotheses.reliability import calibration_error
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.lookup import is_slot, key_of
from ltrr_opensearch.propose.classifier import Classifier
from ltrr_opensearch.propose.dictionary import LEAST_DOCUMENTS, SaidValues, said_in
from ltrr_opensearch.propose.evidence import COLUMNS, evidence
from ltrr_opensearch.propose.measured import Measured
from ltrr_opensearch.propose.proposer import WITH, WITHOUT, FieldModel, Proposer, applies
from ltrr_opensearch.propose.weights import FOLDS, Candidates, Weights, left_out, weights_of
from ltrr_opensearch.propose.written import Written, meant_by
from ltrr_opensearch.types import Doubles, Matrix, Vector

FEWEST = 50
"""Documents with a field, without which nothing is proposed for it."""


def learn(
    documents: Sequence[Written],
    gazetteer: Gazetteer,
    fields: Sequence[str],
    least: float,
    done: Callable[[int], None] = lambda _: None,
) -> tuple[Proposer, list[Measured]]:
    """`fields` of few documents are left out; `done` is told of each field that is finished."""
    having = {f: [i for i, d in enumerate(documents) if f in d.values] for f in fields}
    learnable = [f for f in fields if len(having[f]) >= FEWEST]
    school = _School(documents, gazetteer, learnable)
    found: dict[str, Candidates] = {}
    for field in learnable:
        found[field] = school.candidates(field, having[field])
        done(1)
    weights, sure = weights_of(found), left_out(found)
    models = {f: school.model(f, having[f], weights[f]) for f in learnable}
    measured = [_measured(f, of, sure[f], len(having[f]), least) for f, of in found.items()]
    return Proposer(gazetteer, models), measured


class _School:
    def __init__(self, documents: Sequence[Written], gazetteer: Gazetteer, fields: Sequence[str]) -> None:
        self._documents, self._gazetteer = documents, gazetteer
        self._said = [said_in(document.texts, gazetteer, fields) for document in documents]
        self._fold = np.array([crc32(d.id.encode()) % FOLDS for d in documents], dtype=np.intp)

    def candidates(self, field: str, having: Sequence[int]) -> Candidates:
        """Of the documents that have the field, each by what the other folds teach."""
        rows: list[Doubles] = [np.zeros((0, len(COLUMNS)))]
        told: list[tuple[bool, bool, bool, int]] = []
        for fold in range(FOLDS):
            taught = [i for i in having if self._fold[i] != fold]
            classifier, shares = self._classifier(field, taught), self._shares(field, taught)
            usual = self._usual(taught, fold)
            for i in (i for i in having if self._fold[i] == fold):
                said = self._said[i].get(field, {})
                keys, evident = self._evidence(field, said, classifier, self._documents[i].vector, shares)
                meant = meant_by(self._documents[i].values[field])
                rows.append(evident)
                applying = bool(applies(usual, [self._documents[i].vector])[0])
                told += [(key in meant, key in said, applying, i) for key in keys]
        of = np.array([i for *_, i in told], dtype=np.intp)
        right, spoken, usually = np.array([flags for *flags, _ in told], dtype=bool).reshape(-1, 3).T
        return Candidates(np.concatenate(rows), right, of, self._fold[of], spoken, usually)

    def model(self, field: str, having: Sequence[int], weights: Weights) -> FieldModel:
        """Of all documents that have the field."""
        shares = self._shares(field, having)
        stated = _spelled(value for i in having for value in self._documents[i].values[field])
        spelled = {key: value for key, value in stated.items() if key in shares}
        boolean = self._is_boolean(field)
        if not boolean:
            entries = ((key, e) for key in shares for e in self._gazetteer.values.of(key) if e.field == field)
            spelled |= {key: entry.spellings[0] for key, entry in entries}
        classifier, usual = self._classifier(field, having), self._usual(having)
        return FieldModel(field, spelled, shares, *weights, classifier, usual, boolean)

    def _is_boolean(self, field: str) -> bool:
        return self._gazetteer.kinds.get(field) == "boolean"

    def _evidence(
        self,
        field: str,
        said: SaidValues,
        classifier: Classifier | None,
        vector: Vector | None,
        shares: Mapping[str, float],
    ) -> tuple[list[str], Doubles]:
        boolean = self._is_boolean(field)
        if classifier is None or vector is None:
            return evidence(said, (), None, shares, only_said=boolean)
        return evidence(said, classifier.values, classifier.posterior(vector[None])[0], shares, only_said=boolean)

    def _classifier(self, field: str, taught: Sequence[int]) -> Classifier | None:
        """Of the values that a query may name."""
        examples = [
            (vector, key)
            for i in taught
            if (vector := self._documents[i].vector) is not None
            for key in dict.fromkeys(map(key_of, self._documents[i].values[field]))
            if is_slot(key)
        ]
        return _taught(examples)

    def _usual(self, having: Sequence[int], without_fold: int | None = None) -> Classifier | None:
        known, documents = set(having), enumerate(self._documents)
        return _taught(
            [
                (d.vector, WITH if i in known else WITHOUT)
                for i, d in documents
                if d.vector is not None and self._fold[i] != without_fold
            ]
        )

    def _shares(self, field: str, taught: Sequence[int]) -> dict[str, float]:
        """Of the values that several have: a field of identifiers has none."""
        counts = Counter(key for i in taught for key in meant_by(self._documents[i].values[field]))
        several = {key: count for key, count in counts.items() if count >= LEAST_DOCUMENTS and is_slot(key)}
        return {key: count / len(taught) for key, count in several.items()}


def _taught(examples: Sequence[tuple[Matrix, str]]) -> Classifier | None:
    if not examples:
        return None
    return Classifier.learned(np.stack([v for v, _ in examples]).astype(np.float32), [label for _, label in examples])


def _spelled(values: Iterable[str]) -> dict[str, str]:
    """The key of each value and its usual spelling."""
    usual = sorted(Counter(values).items(), key=lambda c: (c[1], c[0]))
    return {key_of(value): value for value, _ in usual}


def _measured(field: str, of: Candidates, sure: Doubles, documents: int, least: float) -> Measured:
    taken = of.usual & (sure >= least)
    error = calibration_error(sure, of.right)
    return Measured(field, documents, len(set(of.document[taken])), int(taken.sum()), int(of.right[taken].sum()), error)
