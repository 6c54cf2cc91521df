"""What systems say an utterance means, what it did mean, and the context in which it was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Slot:
    """`confidence`: 0..1, None where the system gives none."""

    name: str
    value: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One interpretation by one system. Confidences: 0..1, None where the system gives none."""

    system: str
    domain: str
    intent: str
    slots: tuple[Slot, ...] = ()
    domain_confidence: float | None = None
    intent_confidence: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    """Further numbers that speak for or against it, by name; best on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Truth:
    domain: str
    intent: str
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Where it was said, as far as it is known."""

    device: str | None = None
    locale: str | None = None
    hour: int | None = None
    """Local, 0 to 23."""
    previous_domain: str | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    id: str
    hypotheses: tuple[Hypothesis, ...]
    text: str = ""
    """What was typed or heard, as far as it is known."""
    context: Context = field(default_factory=Context)
    truth: Truth | None = None
    group: str = ""
    """Utterances of one group (recordings of a sentence) are never both learned from and judged; default: the id."""

    @property
    def together(self) -> str:
        return self.group or self.id
