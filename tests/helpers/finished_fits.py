"""Configurations, and the files of finished fits of a run."""

import json

import h5py

from stbench.common.paths import PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.layout import Layout
from stbench.config.schema import load_yaml


def config(**more):
    default = load_yaml(PROJECT / "config/config.yaml")
    return {**default, "published_settings": False, **more}


def configuration(**more):
    return load_benchmark(config(**more), PROJECT / "config")


def as_layout(results):
    """A layout as it is; of a folder the one in which every key is ``{key}``."""
    return results if isinstance(results, Layout) else Layout(results)


def write_preprocessed(results, dataset, cells, genes):
    path = as_layout(results).preprocessed(dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("X", (cells, genes), "f4")
    return path


def write_fit(results, dataset, method, seed, status="ok", **more):
    folder = as_layout(results).fit(dataset, method, seed)
    folder.mkdir(parents=True)
    parameters = json.dumps(more.pop("parameters", {}))
    record = {"seconds": 10.0, "peak_rss_mb": 300, "peak_gpu_mb": None, "device": "cpu", **more}
    names = {"dataset": dataset, "method": method, "seed": seed, "commit": "abc"}
    reason = "" if status == "ok" else f"it said {status}"
    record |= {"status": status, "reason": reason, "parameters": parameters, **names}
    path = folder / "status.json"
    path.write_text(json.dumps(record))
    return path
