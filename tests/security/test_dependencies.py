"""The audit's reading of answers, and that every dependency stands in docs/dependencies.md with its licence."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from tests.security.audit import LOCK, Verdict, told, verdict

ROOT = Path(__file__).parents[2]
SOUND = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI"}
BROKEN = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1", "3"]}]}
COPYLEFT = re.compile(r"\bA?GPL")
"""Whole programs may not be bound to these; LGPL is another matter."""


def test_what_a_report_says() -> None:
    assert verdict({"dependencies": [SOUND, SKIPPED, BROKEN]}) == Verdict(
        2, ("b",), ("c 2: PYSEC-1, mended in 2.1, 3",)
    )


def test_a_vulnerability_fails() -> None:
    said, code = told([("pypi", verdict({"dependencies": [BROKEN]}))])
    assert code == 1
    assert "PYSEC-1" in said


def test_an_audit_of_nothing_is_no_clean_one() -> None:
    said, code = told([("pypi", verdict({"dependencies": [SKIPPED]})), ("osv", "no connection")])
    assert code == 0
    assert said.startswith("warning: whether the dependencies have known vulnerabilities could not be asked")
    assert "osv: no connection" in said


def test_what_is_not_known_is_named() -> None:
    assert told([("pypi", verdict({"dependencies": [SOUND, SKIPPED]}))]) == (
        "1 dependencies, no known vulnerability (pypi); not known there: b",
        0,
    )


def named() -> list[str]:
    project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[<>=\[; ]", one)[0].lower() for one in wanted}
    return sorted(names - {"ltrr-opensearch"})


@pytest.mark.parametrize("name", named())
def test_a_dependency_is_documented_and_locked(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "dependencies.md").read_text().lower(), (
        "with what it is for, and its licence"
    )
    assert f"\n{name}==" in "\n" + LOCK.read_text().lower()


def test_no_licence_binds_the_whole() -> None:
    locked = re.findall(r"^([a-zA-Z0-9._-]+)==", LOCK.read_text(), re.MULTILINE)
    bound = {name: licence for name in locked if COPYLEFT.search(licence := _licence(name))}
    assert bound == {}


def _licence(name: str) -> str:
    """As its metadata say; empty for what is for another platform."""
    try:
        data = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    kinds = [kind.rpartition(" :: ")[2] for kind in data.get_all("Classifier") or () if kind.startswith("License")]
    said = data.get_all("License-Expression") or kinds or data.get_all("License") or [""]
    return "; ".join(said).partition("\n")[0]
