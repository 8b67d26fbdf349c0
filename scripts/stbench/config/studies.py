"""The entries of a configuration that are shown beside the ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stbench.config.methods import named_params, setting_for
from stbench.config.tasks import DOMAINS

if TYPE_CHECKING:
    from stbench.config.benchmark import Benchmark


def studies_of(benchmark: Benchmark) -> dict[str, dict[str, dict[str, Any]]]:
    """As of ``stbench.config.benchmark.Benchmark.studies``."""
    datasets = benchmark.datasets_of(DOMAINS)
    changed = {
        name: {
            "method": variant.method,
            "factor": variant.factor,
            "value": variant.value,
            "title": benchmark.method(DOMAINS, name)["title"],
            "unchanged": {
                dataset: benchmark.params(variant.method, dataset).get(variant.factor)
                for dataset in datasets
            },
            "published": {
                dataset: _published(benchmark, variant.method, dataset).get(variant.factor)
                for dataset in datasets
            },
        }
        for name, variant in benchmark.variants.items()
    }
    published = {
        name: {"method": method, "title": benchmark.method(DOMAINS, name)["title"]}
        for name, method in benchmark.published.items()
    }
    return {"derived": benchmark.derived(DOMAINS), "variants": changed, "published": published}


def _published(benchmark: Benchmark, method: str, dataset: str) -> dict[str, Any]:
    """All parameters of a method as published for a dataset; empty if none are."""
    entry, described = benchmark.method(DOMAINS, method), benchmark.datasets[dataset]
    known = described["origin"] == "files" and setting_for(entry, described, "published")
    return named_params(entry, described)["published"] if known else {}
