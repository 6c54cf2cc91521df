"""Which forms of judgment lists there are, and files of them, read and written whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists import lines, qrels, quepid, workbench
from ltrr_opensearch.judgment_lists.places import Line, pooled
from ltrr_opensearch.logged import Judgment


@dataclass(frozen=True, slots=True)
class Format:
    """`read` takes the text, its name for errors, and the queries by topic; `write` judgments and the same."""

    read: Callable[[str, str, Mapping[str, str]], Iterator[Line]]
    write: Callable[[Sequence[Judgment], Mapping[str, str]], str]
    whole: bool
    """Whether it holds whole grades alone."""


FORMATS: Mapping[str, Format] = {
    "trec": Format(qrels.read, qrels.write, whole=True),
    "quepid": Format(quepid.read, quepid.write, whole=True),
    "workbench": Format(workbench.read, workbench.write, whole=False),
    "lines": Format(lines.read, lines.write, whole=False),
}
SUFFIXES: Mapping[str, str] = {".csv": "quepid", ".json": "workbench", ".jsonl": "lines", ".ndjson": "lines"}
"""Of files whose form is not named; any other is taken for TREC qrels."""


def format_of(file: Path, named: str | None = None) -> str:
    return named or SUFFIXES.get(file.suffix.lower(), "trec")


def topics_beside(file: Path) -> Path:
    """Where the topics of qrels are, unless they are said to be elsewhere."""
    return file.with_name(f"{file.name}.topics.csv")


def read_judgments(file: Path, named: str | None = None, topics: Path | None = None) -> tuple[Judgment, ...]:
    """The list of a file; `DataError` with place and value where it cannot be read, or rates nothing above 0."""
    form = format_of(file, named)
    known = _topics(file, topics) if form == "trec" else {}
    return _wanted(file, FORMATS[form].read(_text(file), str(file), known))


def read_asked(file: Path, asked: Mapping[str, str]) -> tuple[Judgment, ...]:
    """The same for somebody's own log: topics of qrels are `asked`, by its query_ids; others are left out."""
    if format_of(file) != "trec":
        return read_judgments(file)
    return _wanted(file, qrels.read(_text(file), str(file), asked, others=True))


def _wanted(file: Path, lines: Iterator[Line]) -> tuple[Judgment, ...]:
    found = pooled(lines)
    if not any(j.grade > 0 for j in found):
        raise DataError(f"{file}: none of {len(found)} judgments is above 0, so nothing is wanted; rate what is good")
    return found


def write_judgments(
    file: Path,
    judgments: Sequence[Judgment],
    named: str | None = None,
    topics: Path | None = None,
    levels: int | None = None,
) -> tuple[Path, ...]:
    """The files written. `levels`: the best grade becomes this, the others in proportion, all rounded."""
    form = format_of(file, named)
    kept = scaled(judgments, levels) if levels else judgments
    if FORMATS[form].whole and (broken := next((j for j in kept if j.grade != round(j.grade)), None)):
        raise DataError(
            f"{file}: grades of {form} are whole numbers, but document {broken.id!r} of query {broken.query!r} has "
            f"{broken.grade:.4g}; give the number of the best grade: --levels 3"
        )
    if form != "trec":
        file.write_text(FORMATS[form].write(kept, {}), encoding="utf-8")
        return (file,)
    numbered, beside = qrels.numbered(kept), topics or topics_beside(file)
    file.write_text(FORMATS[form].write(kept, numbered), encoding="utf-8")
    beside.write_text(qrels.write_topics(numbered), encoding="utf-8")
    return file, beside


def scaled(judgments: Sequence[Judgment], levels: int) -> list[Judgment]:
    best = max((j.grade for j in judgments), default=0.0) or 1.0
    return [replace(j, grade=float(round(levels * j.grade / best))) for j in judgments]


def _topics(file: Path, topics: Path | None) -> Mapping[str, str]:
    beside = topics or topics_beside(file)
    if not beside.exists():
        raise DataError(
            f"{file} is read as TREC qrels, whose topics' queries are not in {beside}; give them (topic, tab, query): "
            "--topics FILE"
        )
    return qrels.read_topics(_text(beside), str(beside))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error
