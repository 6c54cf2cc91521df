from __future__ import annotations

from pathlib import Path

import yaml

from ltrr_opensearch.node.config import java_opts, jvm_options, opensearch_yml


def test_settings_are_yaml_on_the_loopback() -> None:
    settings = yaml.safe_load(opensearch_yml("demo", Path("/srv/a: b"), 9207))
    assert settings["path.data"] == "/srv/a: b/data"
    assert settings["network.host"] == "127.0.0.1"
    assert settings["http.port"] == 9207


def test_options_that_write_beside_the_shared_home_go() -> None:
    shipped = "-Xms1g\n9-:-Xlog:gc*:file=logs/gc.log\n-XX:HeapDumpPath=data\n-javaagent:agent/opensearch-agent.jar\n"
    assert jvm_options(shipped) == "-Xms1g\n-javaagent:agent/opensearch-agent.jar\n"


def test_small_nodes_start_quickly() -> None:
    assert java_opts(512, small=False) == "-Xms512m -Xmx512m"
    assert "-XX:TieredStopAtLevel=1" in java_opts(256, small=True)
