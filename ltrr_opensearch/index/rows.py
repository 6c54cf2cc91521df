"""Documents from a file of JSON lines or CSV, `.gz` or not, each with its line and its `_id`."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

import orjson

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Json

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?")
"""Written so that nothing is lost by reading it as a number: no leading zeros, no more digits than a double holds."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line that is a document, or the reason why it is not. Lines count from 1."""

    line: int
    id: str
    document: Json
    error: str = ""


def read_rows(file: Path, id_field: str | None) -> Iterator[Row]:
    """The `_id` is that of `id_field`, or made from the line's content: loading twice makes no second document."""
    return _csv_rows(file, id_field) if _format(file) == "csv" else _json_rows(file, id_field)


def count_rows(file: Path) -> int:
    """Lines of a JSON file, records of a CSV file. Reads it to its end, so a file that cannot be is refused here."""
    with readable(file):
        if _format(file) == "csv":
            with _text(file) as source:
                return sum(1 for _ in _records(file, source))
        with _bytes(file) as source:
            return sum(1 for line in source if line.strip())


@contextmanager
def readable(file: Path, so_far: Callable[[], str] = str) -> Iterator[None]:
    """What goes wrong while the file is read, said with what to do. `so_far` says what was done with it before."""
    try:
        yield
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise DataError(f"{file} cannot be read to its end: {error}; {so_far()}{_remedy(error)}") from error


def _remedy(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return "save it as UTF-8 (from Latin-1: iconv -f LATIN1 -t UTF-8)"
        case gzip.BadGzipFile():
            return "take the .gz off its name if it is not compressed, or fetch it again"
        case csv.Error():
            return "correct that record"
    return "run again with the whole file"


def fingerprint(file: Path) -> str:
    """Names a file by its path, size and time of change."""
    stat = file.stat()
    return hashlib.sha256(f"{file.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()[:16]


def _json_rows(file: Path, id_field: str | None) -> Iterator[Row]:
    with _bytes(file) as source:
        for number, line in enumerate(source, start=1):
            if line.strip():
                yield _json_row(number, line, id_field)


def _json_row(number: int, line: bytes, id_field: str | None) -> Row:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Row(number, "", {}, f"not JSON: {error}")
    if not isinstance(document, dict):
        return Row(number, "", {}, f"not a JSON object but {type(document).__name__}")
    return _row(number, document, id_field, line.strip())


def _csv_rows(file: Path, id_field: str | None) -> Iterator[Row]:
    """Empty cells are left out. A column is read as numbers if every cell of it is one, and it is not the id.

    Records that are refused have no say in that.
    """
    numeric = _numeric_columns(file, id_field)
    with _text(file) as source:
        reader = _records(file, source)
        for record in reader:
            text = _csv_row(reader.line_num, record, id_field)
            yield replace(text, document={k: _number(v) if k in numeric else v for k, v in text.document.items()})


def _csv_row(number: int, record: Mapping[Any, Any], id_field: str | None) -> Row:
    """A record with all its cells as text."""
    if None in record or None in record.values():
        columns = sum(name is not None for name in record)
        return Row(number, "", {}, f"has not the {columns} columns of the heading")
    cells = {k: v for k, v in record.items() if v != ""}
    return _row(number, cells, id_field, repr(sorted(record.items())).encode())


def _records(file: Path, source: IO[str]) -> csv.DictReader[str]:
    """The records after the heading, which is looked at."""
    reader = csv.DictReader(source)
    if not reader.fieldnames:
        raise DataError(f"{file} is empty; a CSV file starts with a line of column names")
    if len(reader.fieldnames) == 1 and ";" in reader.fieldnames[0]:
        raise DataError(f"{file}: the heading {reader.fieldnames[0]!r:.80} is one column; separate columns by commas")
    return reader


def _numeric_columns(file: Path, id_field: str | None) -> set[str]:
    with _text(file) as source:
        reader = _records(file, source)
        numeric = set(reader.fieldnames or ()) - {id_field or ""}
        for record in reader:
            cells = _csv_row(reader.line_num, record, id_field).document
            numeric -= {k for k in numeric if k in cells and not _NUMBER.fullmatch(cells[k])}
    return numeric


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)


def _row(number: int, document: Mapping[str, Any], id_field: str | None, content: bytes) -> Row:
    if id_field is None:
        return Row(number, hashlib.sha256(content).hexdigest()[:20], dict(document))
    value = document.get(id_field)
    if value is None or isinstance(value, dict | list) or not str(value):
        return Row(number, "", {}, f"no value in the id field {id_field}")
    if len(str(value).encode()) > 512:
        return Row(number, "", {}, f"the id in {id_field} is longer than 512 bytes")
    return Row(number, str(value), dict(document))


def _format(file: Path) -> str:
    name = file.name.removesuffix(".gz")
    for suffix, kind in ((".csv", "csv"), (".jsonl", "json"), (".ndjson", "json"), (".json", "json")):
        if name.endswith(suffix):
            return kind
    raise DataError(f"{file}: unknown kind of file; .jsonl, .ndjson, .json (one document a line) or .csv, also .gz")


def _bytes(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb"))


def _text(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return cast("IO[str]", gzip.open(file, "rt", encoding="utf-8-sig", newline=""))
    return file.open(encoding="utf-8-sig", newline="")
