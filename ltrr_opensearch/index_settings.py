"""Settings of one index: what may be asked of it, which features are logged, how lists are merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.section import Positive, Section
from ltrr_opensearch.slot_settings import SlotField, short_form
from ltrr_opensearch.stage_settings import DiversifySettings, SecondStageSettings
from ltrr_opensearch.synonyms import parse_synonyms


class VectorSettings(Section):
    field: str = Field("ltrr_embedding", description="The knn_vector field; an existing one, or ours.")
    source_fields: tuple[str, ...] = Field((), description="Fields whose text is embedded; default: the text fields.")
    dimension: int = Field(384, ge=1, le=16_000, description="Length of the vectors.")
    space_type: Literal["innerproduct", "cosinesimil", "l2"] = Field("cosinesimil", description="Distance.")
    engine: Literal["lucene", "faiss"] = Field("lucene", description="k-NN engine of a field that we add.")
    backfill: bool = Field(
        True, description="Whether set-up and sync fill the field; false: vectors come from elsewhere."
    )


class SparseSettings(Section):
    field: str = Field("ltrr_sparse", description="The rank_features field that set-up and sync fill.")
    source_fields: tuple[str, ...] = Field((), description="Fields whose text is encoded; default: the text fields.")


class ProposalSettings(Section):
    field: str = Field(
        "ltrr_proposed",
        pattern=r"^ltrr_[a-z0-9_]+$",
        description="The rank_features field of ours that holds what is proposed; its name starts with ltrr_.",
    )
    fields: tuple[str, ...] = Field(
        (), description="Slot fields for which values are proposed; default: all keywords and booleans."
    )
    least: float = Field(0.7, ge=0.5, le=1, description="Confidence from which a value is proposed.")


class PopularitySettings(Section):
    field: str = Field(description="A numeric field that grows with popularity.")
    pivot: Positive = Field(100, description="Value at which half of the bias is reached (saturation).")
    weight: Positive = Field(1.0, description="Largest addition to a text score.")

    def times(self, factor: float) -> PopularitySettings:
        """The same bias for scores that count by a factor."""
        return self.model_copy(update={"weight": self.weight * factor})


class StrategySettings(Section):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of its plans in logs and reports.")
    use: str = Field(
        description="original, lexical, structured, related, q2e, knn, sparse, popular, personal, fresh or an entry "
        "point's name."
    )
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
    slot_fields: tuple[SlotField, ...] = Field(
        (), description="Fields whose values are recognised in queries; a plain name, or more about it."
    )
    synonyms: tuple[str, ...] = Field(
        (),
        description='Other words for values of slot fields, as OpenSearch has them: "tv, telly" or "lappy => laptop".',
    )
    reread_from: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of the documents written or gone since the values of slots and entities were last read "
        "whole from which they are read whole again, not only what was written; 0: after every change.",
    )
    entities: EntitySettings | None = Field(
        None, description="Types of documents that people ask for by name, and what belongs to what."
    )
    popularity: PopularitySettings | None = Field(None, description="Bias of our lexical plans.")
    date_field: str | None = Field(None, description="When a document came out.")
    object_id_field: str | None = Field(None, description="Field that events name objects by; default: _id.")
    id_field: str | None = Field(
        None, description="A keyword field that repeats each document's _id: plans read ids from it, which is cheaper."
    )
    vector: VectorSettings | None = Field(None, description="Dense retrieval; leave out to do without.")
    sparse: SparseSettings | None = Field(None, description="Learned sparse retrieval; leave out to do without.")
    proposals: ProposalSettings | None = Field(
        None, description="Values proposed for slot fields that a document lacks; leave out to do without."
    )
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
    second_stage: SecondStageSettings | None = Field(
        None, description="A cross-encoder over the ranker's first documents; leave out to do without."
    )
    diversify: DiversifySettings | None = Field(
        None, description="Keeps documents apart that are alike; leave out to do without."
    )
    rules: tuple[RuleSettings, ...] = Field(
        (), description="Rules by query: pin, boost, bury, exclude. Those of `ltrr rules put` come before them."
    )
    experiment: ExperimentSettings | None = Field(
        None, description="A live experiment between two ways of serving; leave out to have none."
    )

    @model_validator(mode="after")
    def _what_is_usual(self) -> IndexSettings:
        """Where there are learned terms or relations, the usual strategies ask for these too, before what explores."""
        further = {"related": self.entities and self.entities.relations, "sparse": self.sparse}
        if "strategies" not in self.model_fields_set:
            *usual, fresh = self.strategies
            usual += [StrategySettings(name=use, use=use) for use, there in further.items() if there]
            self.__dict__["strategies"] = (*usual, fresh)
        return self

    @model_validator(mode="after")
    def _proposed_for_slots(self) -> IndexSettings:
        if self.proposals and not self.slot_fields:
            raise ValueError("proposals are made for slot fields, and there are none; set slot_fields")
        if self.proposals and (others := set(self.proposals.fields) - set(self.slot_names)):
            raise ValueError(f"proposals.fields must be among slot_fields; not there: {', '.join(sorted(others))}")
        return self

    @model_validator(mode="after")
    def _a_field_for_proposals_alone(self) -> IndexSettings:
        if self.proposals is None:
            return self
        field = self.proposals.field
        filled = [of.field for of in (self.vector, self.sparse) if of]
        if field in (*filled, *(f"{name}_key" for name in filled), *self.text_fields, *self.slot_names):
            raise ValueError(
                f"proposals.field: {field} holds something else of this index, which proposals would take the place "
                "of; set it to another name"
            )
        return self

    @property
    def named_by(self) -> str | None:
        """The field by which events name objects; None where that is `_id`."""
        return None if self.object_id_field == "_id" else self.object_id_field

    @property
    def slot_names(self) -> tuple[str, ...]:
        return tuple(slot.field for slot in self.slot_fields)

    @property
    def read_as(self) -> tuple[str, ...]:
        """Fields whose values tell how a query may be read: slots, names and types of entities, what relates them."""
        return tuple(dict.fromkeys((*self.slot_names, *(self.entities.fields if self.entities else ()))))

    @field_validator("slot_fields")
    @classmethod
    def _once_each(cls, value: tuple[SlotField, ...]) -> tuple[SlotField, ...]:
        names = [slot.field for slot in value]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"slot fields must differ; twice: {', '.join(sorted(twice))}")
        return value

    @field_validator("slot_fields", mode="before")
    @classmethod
    def _plain_names(cls, value: object) -> object:
        return [short_form(v) for v in value] if isinstance(value, Sequence) and not isinstance(value, str) else value

    @field_validator("synonyms")
    @classmethod
    def _synonym_lines(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for line in value:
            parse_synonyms(line)
        return value

    @field_validator("rules")
    @classmethod
    def _ids_differ(cls, value: tuple[RuleSettings, ...]) -> tuple[RuleSettings, ...]:
        ids = [rule.id for rule in value]
        if twice := {id for id in ids if ids.count(id) > 1}:
            raise ValueError(f"rule ids must differ; twice: {', '.join(sorted(twice))}")
        return value

    @field_validator("strategies")
    @classmethod
    def _names_differ(cls, value: tuple[StrategySettings, ...]) -> tuple[StrategySettings, ...]:
        names = [s.name for s in value]
        if twice := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"strategy names must differ; twice: {', '.join(sorted(twice))}")
        return value
