from __future__ import annotations

from pathlib import Path

from ltrr_opensearch.node.logs import follow, read_log, telling_lines

DIED = """warning: no-jdk distributions are deprecated
[INFO ][o.o.n.Node] starting
org.opensearch.bootstrap.StartupException: java.lang.IllegalStateException: failed to obtain node locks
\tat org.opensearch.bootstrap.OpenSearch.init(OpenSearch.java:185)
Caused by: java.nio.file.AccessDeniedException: /data/nodes
\tat sun.nio.fs.UnixException.translate(UnixException.java:90)
Caused by: java.nio.file.AccessDeniedException: /data/nodes
"""


def test_reasons_are_shown_once_and_stack_frames_never() -> None:
    assert telling_lines(DIED) == [
        "org.opensearch.bootstrap.StartupException: java.lang.IllegalStateException: failed to obtain node locks",
        "Caused by: java.nio.file.AccessDeniedException: /data/nodes",
    ]


def test_without_a_reason_the_end_is_shown() -> None:
    assert telling_lines("one\ntwo\nthree\n", most=2) == ["two", "three"]


def test_a_log_is_followed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert read_log(log) == ""
    log.write_text("one\n")
    lines = follow(log, poll_s=0)
    assert next(lines) == "one\n"
    with log.open("a") as stream:
        stream.write("two\n")
    assert next(lines) == "two\n"
