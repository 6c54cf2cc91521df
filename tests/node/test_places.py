from __future__ import annotations

import os
from pathlib import Path

import pytest

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.places import Account, asked_home, reachable, usable_home

ME = Account(os.geteuid(), os.getegid(), "me")
STRANGER = Account(54_321, 54_321, "stranger")


def test_the_home_is_asked_for_or_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked_home({}) == tmp_path / ".ltrr"
    assert asked_home({"LTRR_HOME": "/srv/ltrr"}) == Path("/srv/ltrr")


def test_a_closed_folder_is_reachable_by_its_owner_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert reachable(tmp_path / "node", ME)
    assert not reachable(tmp_path / "node", STRANGER)


def test_a_home_that_does_is_made_and_kept(tmp_path: Path) -> None:
    assert usable_home(tmp_path / "a" / "home", ME) == tmp_path / "a" / "home"
    assert (tmp_path / "a" / "home").is_dir()


@pytest.mark.parametrize("asked", ["closed/home", "with space/home"])
def test_a_home_that_does_not_do_moves_elsewhere_always_to_the_same_place(tmp_path: Path, asked: str) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    account = STRANGER if asked.startswith("closed") else ME
    moved = usable_home(tmp_path / asked, account, tmp_path / "elsewhere")
    assert moved.parent == tmp_path / "elsewhere"
    assert usable_home(tmp_path / asked, account, tmp_path / "elsewhere") == moved


def test_somebody_else_s_folder_is_not_taken_over(tmp_path: Path) -> None:
    asked, elsewhere = tmp_path / "a b", tmp_path / "elsewhere"
    moved = usable_home(asked, ME, elsewhere)
    moved.rmdir()
    moved.symlink_to(tmp_path)
    with pytest.raises(NodeError, match="belongs to somebody else"):
        usable_home(asked, ME, elsewhere)


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NodeError, match="cannot be made"):
        usable_home(tmp_path / "a b", ME, tmp_path / "file")
