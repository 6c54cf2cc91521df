from __future__ import annotations

import os
from pathlib import Path

import pytest

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.distribution import UNNEEDED_MODULES, assemble, is_assembled, pom_for
from ltrr_opensearch.node.versions import DEFAULT

MODULES = " ".join(f"target/opensearch-3.6.0/modules/{name}" for name in (*UNNEEDED_MODULES, "lang-painless"))
UNPACKS = f"""#!/bin/sh
umask 077
mkdir -p target/opensearch-3.6.0/bin {MODULES}
touch target/opensearch-3.6.0/bin/opensearch target/opensearch-3.6.0/bin/opensearch.bat
"""


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stand-in for mvn is looked for first."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    return tmp_path / "bin" / "mvn"


def install(maven: Path, script: str) -> None:
    maven.write_text(script)
    maven.chmod(0o755)


def test_run_bits_and_reading_are_restored_and_unneeded_modules_left_out(maven: Path, tmp_path: Path) -> None:
    install(maven, UNPACKS)
    home = assemble(tmp_path)
    assert (home / "bin" / "opensearch").stat().st_mode & 0o777 == 0o755
    assert (home / "bin" / "opensearch.bat").stat().st_mode & 0o777 == 0o644
    assert [module.name for module in (home / "modules").iterdir()] == ["lang-painless"]


def test_what_is_there_is_used_again(maven: Path, tmp_path: Path) -> None:
    install(maven, UNPACKS)
    home = assemble(tmp_path)
    install(maven, "#!/bin/sh\nexit 1\n")
    assert is_assembled(tmp_path)
    assert assemble(tmp_path) == home


def test_a_failure_shows_what_maven_said_and_leaves_nothing(maven: Path, tmp_path: Path) -> None:
    install(maven, "#!/bin/sh\nmkdir -p target/opensearch-3.6.0\necho '[ERROR] Unknown host'\nexit 1\n")
    with pytest.raises(NodeError, match=r"\[ERROR\] Unknown host"):
        assemble(tmp_path)
    assert not is_assembled(tmp_path)
    assert not list(tmp_path.glob("assembling-*"))


def test_without_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeError, match="mvn was not found"):
        assemble(tmp_path)


def test_each_version_has_a_home_of_its_own(maven: Path, tmp_path: Path) -> None:
    install(maven, UNPACKS.replace("3.6.0", "2.19.0"))
    home = assemble(tmp_path, "2.19.0")
    assert home.name.startswith("opensearch-2.19.0-")
    assert not is_assembled(tmp_path)


def test_the_version_reaches_maven(maven: Path, tmp_path: Path) -> None:
    install(maven, '#!/bin/sh\necho "[ERROR] $*"\nexit 1\n')
    with pytest.raises(NodeError, match=r"OpenSearch 3\.4\.0:\n.*-Dopensearch\.version=3\.4\.0"):
        assemble(tmp_path, "3.4.0")


@pytest.mark.parametrize(
    ("version", "plugins"),
    [
        (DEFAULT, ["opensearch-job-scheduler", "opensearch-knn", "neural-search"]),
        ("2.19.0", []),
        ("3.5.0", []),
    ],
)
def test_a_version_gets_the_plugins_that_there_are_for_it(version: str, plugins: list[str]) -> None:
    artifacts = [
        line.split("<")[1].partition(">")[2] for line in pom_for(version).splitlines() if "<artifactId>" in line
    ]
    assert [name for name in artifacts if name.startswith(("opensearch-", "neural"))] == plugins
