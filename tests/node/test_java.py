from __future__ import annotations

import os
from pathlib import Path

import pytest

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node import java
from ltrr_opensearch.node.places import Account

WHOLE = ("jdk.incubator.vector", "jdk.localedata")
ME = Account(os.geteuid(), os.getegid(), "me")


def fake_java(home: Path, version: str, modules: tuple[str, ...] = WHOLE) -> Path:
    (home / "bin").mkdir(parents=True)
    listing = "\n".join(f"{module}@{version}" for module in ("java.base", *modules))
    (home / "bin" / "java").write_text(f"#!/bin/sh\ncat <<END\n{listing}\nEND\n")
    (home / "bin" / "java").chmod(0o755)
    return home


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only place where Java is installed."""
    monkeypatch.setattr(java, "INSTALLED", (str(tmp_path / "jvm" / "*"),))
    return tmp_path / "jvm"


def test_a_new_one_is_found_behind_an_old_default(only: Path) -> None:
    old, new = fake_java(only / "java-17", "17.0.15"), fake_java(only / "temurin-25", "25.0.3")
    environ = {"JAVA_HOME": str(old), "PATH": str(old / "bin")}
    assert java.find_java(environ, ME).home == new


def test_the_environment_comes_before_the_installed(only: Path, tmp_path: Path) -> None:
    fake_java(only / "temurin-25", "25.0.3")
    mine, other = fake_java(tmp_path / "mine", "21"), fake_java(tmp_path / "other", "24.0.1")
    environ = {"OPENSEARCH_JAVA_HOME": str(mine), "JAVA_HOME": str(other), "PATH": ""}
    assert java.find_java(environ, ME) == java.Java(mine, 21, frozenset({"java.base", *WHOLE}))


def test_a_trimmed_runtime_and_old_ones_are_listed_with_the_reason(only: Path, tmp_path: Path) -> None:
    fake_java(only / "java-17", "17.0.15")
    trimmed = fake_java(only / "trimmed", "25", modules=("jdk.incubator.vector",))
    eight = tmp_path / "eight"
    eight.mkdir()
    (eight / "release").write_text('JAVA_VERSION="1.8.0_402"\n')
    with pytest.raises(NodeError) as raised:
        java.find_java({"JAVA_HOME": str(eight), "OPENSEARCH_JAVA_HOME": str(tmp_path / "gone"), "PATH": ""}, ME)
    message = str(raised.value)
    assert "version 17 is too old" in message
    assert f"{trimmed}: version 25, a trimmed runtime that lacks jdk.localedata" in message
    assert "version 8 is too old" in message
    assert f"{tmp_path / 'gone'}: no working bin/java" in message
    assert "set OPENSEARCH_JAVA_HOME" in message


def test_one_that_the_node_s_account_cannot_reach_does_not_do(only: Path, tmp_path: Path) -> None:
    only.mkdir(mode=0o700)
    fake_java(only / "temurin-25", "25")
    with pytest.raises(NodeError, match="user stranger, who runs the node, cannot reach it"):
        java.find_java({"PATH": ""}, Account(54_321, 54_321, "stranger"))


def test_nothing_at_all(only: Path) -> None:
    with pytest.raises(NodeError, match=r"\(none\)"):
        java.find_java({"PATH": ""}, ME)


def test_the_older_opensearch_needs_an_older_java(only: Path) -> None:
    """Its security manager is gone from Java 24 on."""
    fake_java(only / "temurin-25", "25.0.3")
    with pytest.raises(NodeError, match=r"OpenSearch 2\.19\.0 needs a whole JDK of 11 to 23.*") as raised:
        java.find_java({"PATH": ""}, ME, "2.19.0")
    assert "version 25 is too new" in str(raised.value)
    old = fake_java(only / "java-17", "17.0.15")
    assert java.find_java({"PATH": ""}, ME, "2.19.0").home == old
