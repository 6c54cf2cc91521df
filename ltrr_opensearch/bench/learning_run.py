"""One run of `ltrr learn policy` over a made-up log, as a process of its own: what it took, as a line of JSON."""

from __future__ import annotations

import resource
import sys
import time
from datetime import timedelta

import orjson

from ltrr_opensearch.bench.learning_log import INDEX, START, settings
from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.run import learn


def main(url: str, prefix: str, workers: str, policy: str = DIRECT) -> None:
    # whatever the log says, so that a run ends with a model
    configured = settings(url, prefix, policy, workers=int(workers), gate_margin=10, min_effective=1e-6)
    with connect(configured.cluster) as client:
        begun = time.perf_counter()
        done = learn(("policy",), Job(client, configured, INDEX, START + timedelta(days=365)))
        seconds = time.perf_counter() - begun
    own, readers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    figures = {
        "rounds": done.counts["rounds"],
        "published": done.release is not None,
        "seconds": seconds,
        "processor_s": sum(r.ru_utime + r.ru_stime for r in (own, readers)),
        "peak_mb": max(own.ru_maxrss, readers.ru_maxrss) / 1024,
    }
    sys.stdout.write(orjson.dumps(figures).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
