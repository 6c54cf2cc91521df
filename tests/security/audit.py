"""Asks whether a known vulnerability is in what `requirements.lock` pins: `python -m tests.security.audit`.

By pip-audit, of the registry's own service first, then of OSV. Where neither can be asked, that is said and is no
finding: only silence about a dependency that was asked about means that nothing is known of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

LOCK = Path(__file__).parents[2] / "requirements.lock"
SERVICES = ("pypi", "osv")
PATIENCE_S = 300


@dataclass(frozen=True)
class Verdict:
    asked: int
    """Dependencies that the service knew."""
    skipped: tuple[str, ...]
    found: tuple[str, ...]
    """A line for each vulnerability: what, which version, its id and where it is mended."""


def verdict(report: Any) -> Verdict:
    """What pip-audit's JSON says."""
    listed = report["dependencies"]
    skipped = tuple(str(one["name"]) for one in listed if "skip_reason" in one)
    found = tuple(
        f"{one['name']} {one['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no version'}"
        for one in listed
        for known in one.get("vulns", ())
    )
    return Verdict(len(listed) - len(skipped), skipped, found)


def ask(service: str) -> Verdict | str:
    """The verdict, or why there is none."""
    options = ["--format", "json", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service, *options, "-r", str(LOCK)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
        return verdict(orjson.loads(ended.stdout))
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE_S} s"
    except (orjson.JSONDecodeError, KeyError):
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        return said[-1][-200:] if said else f"pip-audit ended with {ended.returncode}"


def told(answers: Sequence[tuple[str, Verdict | str]]) -> tuple[str, int]:
    """What to say, and the exit code: 1 for a vulnerability."""
    for service, answer in answers:
        if isinstance(answer, Verdict) and answer.found:
            return "\n".join(("vulnerabilities in requirements.lock:", *answer.found)), 1
        if isinstance(answer, Verdict) and answer.asked:
            beside = f"; not known there: {', '.join(answer.skipped)}" if answer.skipped else ""
            return f"{answer.asked} dependencies, no known vulnerability ({service}){beside}", 0
    reasons = "; ".join(f"{service}: {_why(answer)}" for service, answer in answers)
    return f"warning: whether the dependencies have known vulnerabilities could not be asked ({reasons})", 0


def _why(answer: Verdict | str) -> str:
    return (
        answer if isinstance(answer, str) else "it knows none of them, so it is not the service but a mirror of files"
    )


def main() -> int:
    answers: list[tuple[str, Verdict | str]] = []
    for service in SERVICES:
        answers.append((service, ask(service)))
        said, code = told(answers)
        if not said.startswith("warning"):
            break
    sys.stderr.write(said + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
