"""The datasets and the methods of ``domains`` that a configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stbench.common.errors import InputError
from stbench.config import external, variants
from stbench.config.degradation import degraded_sections
from stbench.config.grid import expand_grids
from stbench.config.methods import Methods, check_parameter
from stbench.config.own_files import with_file
from stbench.config.pairs import pair_entry, raw_parts
from stbench.config.planting import is_planted, planted_entry
from stbench.config.published import published_entries
from stbench.config.registry import check_sections, dataset_entry
from stbench.config.tasks import DOMAINS, is_pair


def methods_of_domains(config: Mapping[str, Any], methods: Methods) -> dict[str, dict[str, Any]]:
    """The methods of ``domains`` with second entries, variants and external results, by id.

    Args:
        config: the configuration.
        methods: of ``stbench.config.methods.load_methods``.

    Raises:
        InputError: a variant or an external result that is not possible.
    """
    entries = {**methods[DOMAINS], **published_entries(config, methods)}
    for variant in variants.variants_of(config):
        if variant.method not in config["methods"] or variant.method not in entries:
            raise InputError(
                f"config: variants: {variant.method!r} is not among the methods of {DOMAINS}"
            )
        if variant.id in entries:
            raise InputError(
                f"config: variants: {variant.method}: {variant.title!r} and another variant are "
                f"both called {variant.id!r}; give them different names or values"
            )
        params = entries[variant.method].get("params", {})
        for name, value in variant.params.items():
            check_parameter(f"variants.{variant.method}", name, value, params)
        entries[variant.id] = variants.entry(variant, entries[variant.method])
    results = config.get("external") or {}
    external.check_external(results, entries)
    return {**entries, **{name: external.entry(name) for name in results}}


def chosen_datasets(
    config: Mapping[str, Any], registry: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """The datasets that the configuration names, and those degraded from them, by id.

    Args:
        config: the configuration.
        registry: of ``stbench.config.registry.load_registry``, with chosen sources.

    Raises:
        InputError: a dataset is unknown, incomplete or listed twice.
    """
    datasets: dict[str, Mapping[str, Any]] = {}
    for section in expand_grids(config["datasets"]):
        entry = _entry(section, registry)
        if entry["id"] in datasets:
            raise InputError(f"config: datasets: {entry['id']!r} is listed twice")
        datasets[entry["id"]] = entry
    study = config.get("robustness") or {}
    for entry in degraded_sections(study, dict(datasets), config["seeds"]):
        if entry["id"] in datasets:
            raise InputError(
                f"config: datasets: {entry['id']!r} is also the id of a degraded copy of "
                f"{entry['derived_from']!r}; choose another id, or other levels in robustness"
            )
        datasets[entry["id"]] = entry
    check_sections(datasets)
    return datasets


def _entry(section: Any, registry: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if isinstance(section, dict) and is_pair(section):
            return pair_entry(section, registry)
        if is_planted(section):
            return planted_entry(section, registry)
        return with_file(dataset_entry(section, registry))
    except InputError as error:
        text = str(error)
        raise InputError(
            text if text.startswith("config:") else f"config: datasets: {text}"
        ) from error


def downloads_of(
    datasets: Mapping[str, Mapping[str, Any]], registry: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """The datasets to fetch: chosen datasets, sections of joined ones, and parts of pairs."""
    whole = [part for entry in datasets.values() for part in entry.get("parts", [entry])]
    downloads = {entry["id"]: entry for entry in whole if entry["origin"] == "files"}
    for entry in datasets.values():
        for name in raw_parts(entry).values():
            downloads[name] = dataset_entry(name, registry)
    return downloads
