"""The configuration: checked once at start, then asked about each cell of the benchmark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.config import external, variants
from stbench.config.degradation import degraded_sections, levels_of
from stbench.config.grid import expand_grids
from stbench.config.registry import (
    check_sections,
    dataset_entry,
    load_registry,
    with_shape,
)
from stbench.config.schema import check, load_yaml, suggestion

_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None}

UNKNOWN_CELLS, UNKNOWN_GENES = 5000, 2000  # for resources, where a user's file does not tell

_DEFAULT_RESOURCES: dict[str, Any] = {
    "gpu": 0,
    "mem_mb": {"base": 1500, "per_1k_cells": 60, "per_1m_values": 40},
    "minutes": {"base": 20, "per_1k_cells": 2},
}


@dataclass(frozen=True)
class Benchmark:
    """What is run: the checked configuration with its datasets and methods.

    Attributes:
        config: the configuration as given.
        datasets: uniform description of each chosen dataset, by id, in the order asked for.
        methods: entry of ``config/methods.yaml`` of every known method, by id; likewise of every
            external result.
    """

    config: Mapping[str, Any]
    datasets: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Mapping[str, Any]]

    @property
    def chosen(self) -> list[str]:
        """The methods that are run, their variants, then the results that were made elsewhere."""
        return [*self.config["methods"], *self.variants, *self.external]

    @property
    def parts(self) -> dict[str, Mapping[str, Any]]:
        """The sections that joined datasets consist of, by id; some may be chosen themselves."""
        return {part["id"]: part for e in self.datasets.values() for part in e.get("parts", [])}

    @property
    def made(self) -> dict[str, Mapping[str, Any]]:
        """Every dataset whose data are made: the chosen ones, and the sections of joined ones."""
        return {**self.parts, **self.datasets}

    @property
    def variants(self) -> dict[str, variants.Variant]:
        """The variants of methods that are run, by id."""
        return {variant.id: variant for variant in variants.variants_of(self.config)}

    @property
    def studies(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What takes no part in the ranking: ``derived`` datasets and ``variants`` of methods.

        Both by id: of a dataset that was made worse ``of``, ``way`` and ``level``; of a variant
        ``method``, ``factor``, ``value``, ``title`` and ``published``, the method's own value of
        the factor by dataset.
        """
        changed = {
            name: {
                "method": variant.method,
                "factor": variant.factor,
                "value": variant.value,
                "title": self.method(name)["title"],
                "published": {
                    dataset: self.params(variant.method, dataset).get(variant.factor)
                    for dataset in self.datasets
                },
            }
            for name, variant in self.variants.items()
        }
        return {"derived": levels_of(self.datasets), "variants": changed}

    @property
    def external(self) -> Mapping[str, str]:
        """The folders of the results that were made elsewhere, by name."""
        return self.config.get("external") or {}

    def external_folder(self, name: str, dataset: str, seed: int) -> Path:
        """Where an external result has its files of one dataset and training seed."""
        return external.result_folder(self.external[name], dataset, seed)

    def seeds(self, method: str, dataset: str) -> list[int]:
        """The training seeds of a method, or of an external result, on a dataset."""
        seeds = list(self.config["seeds"])
        if method in self.external:
            return external.seeds_given(self.external[method], dataset, seeds)
        return seeds

    def gives_graph(self, method: str, dataset: str) -> bool:
        """Whether a cell graph is to be expected of a method, or of an external result."""
        if method in self.external:
            return external.gives_graph(self.external[method], dataset, self.config["seeds"])
        return bool(self.method(method).get("graph"))

    def params(self, method: str, dataset: str) -> dict[str, Any]:
        """Published defaults, the dataset's published setting, the budget, the user's own."""
        entry = self.method(method)
        setting = _setting(entry.get("settings", []), self.datasets[dataset])
        params = {**entry.get("params", {}), **setting}
        if self.config.get("budget") == "cpu" and "epochs_cpu" in entry:
            params["epochs"] = min(params["epochs"], entry["epochs_cpu"])
        own = (self.config.get("params") or {}).get(entry.get("variant_of", method), {})
        return {**params, **own, **entry.get("changes", {})}

    def method(self, method: str) -> Mapping[str, Any]:
        """The entry of a method.

        Raises:
            InputError: there is a rule for it but no entry.
        """
        if method not in self.methods:
            raise InputError(
                f"rules/methods/{method}.smk: config/methods.yaml has no entry {method!r}"
            )
        return self.methods[method]

    def environment(self, method: str) -> str:
        """The environment a method runs in: ``envs/<environment>.yaml``."""
        return str(self.method(method).get("environment", "default"))

    def gpus(self, method: str) -> int:
        """GPUs that a fit of this method asks for."""
        return int(self._resources(method)["gpu"])

    def mem_mb(self, method: str, dataset: str, attempt: int) -> int:
        """Memory of one fit in MB, times the attempt."""
        return attempt * self._linear(self._resources(method)["mem_mb"], dataset)

    def minutes(self, method: str, dataset: str) -> int:
        """Soft time limit of one fit in minutes."""
        return self._linear(self._resources(method)["minutes"], dataset)

    def _resources(self, method: str) -> dict[str, Any]:
        return {**_DEFAULT_RESOURCES, **self.method(method).get("resources", {})}

    def _shape(self, dataset: str) -> tuple[int, int]:
        entry = self.datasets[dataset]
        return entry.get("cells") or UNKNOWN_CELLS, entry.get("genes") or UNKNOWN_GENES

    def _linear(self, formula: Mapping[str, float], dataset: str) -> int:
        cells, genes = self._shape(dataset)
        return math.ceil(
            formula["base"]
            + formula.get("per_1k_cells", 0) * cells / 1e3
            + formula.get("per_1m_values", 0) * cells * genes / 1e6
        )


def _setting(settings: Sequence[Mapping[str, Any]], dataset: Mapping[str, Any]) -> dict[str, Any]:
    """The first published setting that applies; of joined sections the one they all have."""
    of_parts = [_setting(settings, part) for part in dataset.get("parts", [])]
    if of_parts and all(setting == of_parts[0] for setting in of_parts):
        return of_parts[0]
    return next((dict(s["params"]) for s in settings if _applies(s, dataset)), {})


def _applies(setting: Mapping[str, Any], dataset: Mapping[str, Any]) -> bool:
    names = {dataset["id"], dataset.get("derived_from")}
    if "datasets" in setting and names.isdisjoint(setting["datasets"]):
        return False
    if any(dataset.get(key) != setting[key] for key in ("technology", "kind") if key in setting):
        return False
    genes = dataset.get("genes")
    return "max_genes" not in setting or (genes is not None and genes <= setting["max_genes"])


def typed(value: Any) -> Any:
    """A value of Snakemake's ``--config``, which leaves numbers inside lists as text."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if not isinstance(value, str):
        return value
    for read in (int, float, _CONSTANTS.__getitem__):
        try:
            return read(value)
        except (ValueError, KeyError):
            continue
    return value


def load_benchmark(config: Mapping[str, Any], config_dir: Path) -> Benchmark:
    """Check the configuration and look up its datasets and methods.

    Args:
        config: the merged configuration.
        config_dir: folder with ``datasets.yaml``, ``methods.yaml`` and ``schemas/``.

    Raises:
        InputError: one line that names what is unknown or of the wrong type.
    """
    check(config, load_yaml(config_dir / "schemas/config.schema.yaml"), "config:")
    methods = load_yaml(config_dir / "methods.yaml")
    check(methods, load_yaml(config_dir / "schemas/methods.schema.yaml"), "methods.yaml:")
    for method in config["methods"]:
        if method not in methods:
            raise _unknown("method", method, methods)
    for method, params in (config.get("params") or {}).items():
        if method not in methods:
            raise _unknown("method", method, methods, key="params")
        known = methods[method].get("params", {})
        for name, value in params.items():
            _check_parameter(method, name, value, known)

    for variant in variants.variants_of(config):
        if variant.method not in config["methods"]:
            raise InputError(f"config: variants: {variant.method!r} is not among the methods")
        known = methods[variant.method].get("params", {})
        for name, value in variant.params.items():
            _check_parameter(variant.method, name, value, known, "variants")
        methods[variant.id] = variants.entry(variant, methods[variant.method])

    results = config.get("external") or {}
    external.check_external(results, methods)
    methods = {**methods, **{name: external.entry(name) for name in results}}

    registry = load_registry(config_dir / "datasets.yaml")
    datasets: dict[str, Mapping[str, Any]] = {}
    for section in expand_grids(config["datasets"]):
        entry = with_shape(_entry(section, registry))
        if entry["id"] in datasets:
            raise InputError(f"config: datasets: {entry['id']!r} is named twice")
        datasets[entry["id"]] = entry
    for entry in degraded_sections(config.get("robustness") or {}, dict(datasets)):
        datasets[entry["id"]] = entry
    check_sections(datasets)
    if config["rank_by"] not in config["clusterers"]:
        raise InputError(
            f"config: rank_by: {config['rank_by']!r} is not among the clusterers "
            f"({', '.join(config['clusterers'])})"
        )
    return Benchmark(config, datasets, methods)


def _entry(section: Any, registry: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dataset_entry(section, registry)
    except InputError as error:
        raise InputError(f"config: datasets: {error}") from error


def _unknown(what: str, name: str, known: Mapping[str, Any], key: str = "") -> InputError:
    names = sorted(known)
    return InputError(
        f"config: {key or what + 's'}: unknown {what} {name!r}{suggestion(name, names)}; "
        f"known: {', '.join(names)}"
    )


def _check_parameter(
    method: str, name: str, value: Any, known: Mapping[str, Any], key: str = "params"
) -> None:
    where = f"config: {key}.{method}"
    if name not in known:
        hint = suggestion(name, sorted(known))
        raise InputError(f"{where}: unknown key {name!r}{hint}; known: {', '.join(sorted(known))}")
    default = known[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = (
        default is None or type(value) is type(default) or (isinstance(default, float) and number)
    )
    if not fits:
        raise InputError(f"{where}.{name}: {value!r} is not of type {type(default).__name__}")
