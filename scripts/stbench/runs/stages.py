"""The stages of a benchmark, and how many of their jobs are left."""

from __future__ import annotations

from collections.abc import Iterator

from stbench.config.benchmark import Benchmark
from stbench.config.layout import REFERENCE, SPOTS, Layout
from stbench.config.tasks import (
    CHOOSING,
    DECONVOLUTION,
    DOMAINS,
    INTEGRATION,
    INTERACTIONS,
    MAPS,
    MARKERS,
)
from stbench.runs.fit_status import matrix


def stages(benchmark: Benchmark, layout: Layout) -> Iterator[tuple[str, int, int]]:
    """(name, total, left) of the jobs of each stage; a job is done if its output exists."""
    domains = benchmark.entries(DOMAINS)
    with_reference = [
        name for name, entry in benchmark.pairs.items() if entry["origin"] != "degraded"
    ]
    graphs = benchmark.entries(INTERACTIONS)
    outputs = {
        "download": [layout.raw(name) / "status.json" for name in benchmark.downloads],
        "prepare, simulate": [layout.data(name) for name in benchmark.made]
        + [layout.pair(name, SPOTS) for name in benchmark.pairs]
        + [layout.pair(name, REFERENCE) for name in with_reference],
        "preprocess": [layout.preprocessed(name) for name in benchmark.datasets_of(DOMAINS)],
        "fit": [layout.fit_status(key.dataset, key.method, key.seed) for key in matrix(benchmark)],
        "cluster": [layout.labels(*entry) for entry in domains],
        "score": benchmark.score_files(layout, DOMAINS, DECONVOLUTION),
        "communication": [
            layout.communication(name, tool)
            for name in benchmark.datasets_of(INTERACTIONS)
            if benchmark.methods_of(INTERACTIONS, name)
            for tool in benchmark.tools
        ],
        "interactions": [layout.interactions(*entry) for entry in graphs]
        + benchmark.score_files(layout, INTERACTIONS),
        "integration": benchmark.score_files(layout, INTEGRATION),
        "maps": benchmark.score_files(layout, MAPS),
        "choosing": benchmark.score_files(layout, CHOOSING),
        "markers": benchmark.score_files(layout, MARKERS),
    }
    for name, paths in outputs.items():
        if paths:
            yield name, len(paths), sum(not path.exists() for path in paths)
