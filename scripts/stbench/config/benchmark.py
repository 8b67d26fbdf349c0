"""The configuration: checked once at start, then queried about each entry of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.config import external, variants
from stbench.config.degradation import levels_of
from stbench.config.drawing import drawing_of
from stbench.config.layout import Layout, configuration_name
from stbench.config.methods import (
    check_budget,
    check_chosen,
    check_named,
    check_params,
    is_ranked,
    load_methods,
    named_params,
)
from stbench.config.own_files import check_own_files
from stbench.config.published import has_published_settings
from stbench.config.registry import choose_sources, load_registry
from stbench.config.resources import DEFAULT_RESOURCES, Size, linear, size_of
from stbench.config.schema import check, load_yaml
from stbench.config.selection import chosen_datasets, downloads_of, methods_of_domains
from stbench.config.studies import studies_of
from stbench.config.tasks import DECONVOLUTION, DOMAINS, FITTED, INTERACTIONS, TASKS, task_of
from stbench.config.tissues import tissue_of, unit_of, units_of
from stbench.config.values import with_numbers


@dataclass(frozen=True)
class Benchmark:
    """A checked configuration with its datasets and methods.

    Attributes:
        config: the configuration as given.
        datasets: uniform description of each chosen dataset, by id, in the requested order.
        methods: entry of every known method by task and id; among those of ``domains`` also every
            external result and variant, and the second entries with published settings.
        downloads: description of each dataset of the registry whose files are needed, by id.
    """

    config: Mapping[str, Any]
    datasets: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Mapping[str, Mapping[str, Any]]]
    downloads: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """The name of the configuration."""
        return configuration_name(self.config, [])

    @property
    def tasks(self) -> list[str]:
        """The tasks that at least one dataset takes part in."""
        return [task for task in TASKS if self.datasets_of(task)]

    def task(self, dataset: str) -> str:
        """The task whose methods are fitted on a dataset."""
        return task_of(self.datasets[dataset])

    def datasets_of(self, task: str) -> list[str]:
        """The datasets that take part in a task."""
        applies = TASKS[task].applies
        return [name for name, entry in self.datasets.items() if applies(entry, self.config)]

    @property
    def tools(self) -> list[str]:
        """Tools for cell-cell communication that are scored beside learned graphs."""
        return (self.config.get(INTERACTIONS) or {}).get("communication") or []

    def chosen(self, task: str) -> list[str]:
        """The methods of a task; of ``domains`` also second entries, variants, external results."""
        methods = [name for name in self.config["methods"] if name in self.methods[task]]
        if task != DOMAINS:
            return methods
        return [*methods, *self.published, *self.variants, *self.external]

    def methods_of(self, task: str, dataset: str) -> list[str]:
        """The methods that take part in a task on one of its datasets."""
        methods = [
            method
            for method in self.chosen(TASKS[task].fits)
            if method not in self.published or self._differs(method, dataset)
        ]
        if TASKS[task].needs_graph:
            return [method for method in methods if self.gives_graph(method, dataset)]
        return methods

    def mapped(self, dataset: str) -> list[str]:
        """The methods whose maps of a dataset are compared and joined: those that are ranked.

        Controls that do not smooth, variants and second entries with published settings are not.
        """
        return [
            method
            for method in self.methods_of(DOMAINS, dataset)
            if method not in {**self.variants, **self.published}
            and is_ranked(self.method(DOMAINS, method))
        ]

    def entries(self, *tasks: str) -> list[tuple[str, str]]:
        """Every (dataset, method) of these tasks; without arguments, of all that fit methods."""
        return [
            (dataset, method)
            for task in tasks or FITTED
            for dataset in self.datasets_of(task)
            for method in self.methods_of(task, dataset)
        ]

    def score_files(self, layout: Layout, *tasks: str) -> list[Path]:
        """The files or folders with the scores of these tasks."""
        return [
            path
            for task in tasks
            for dataset in self.datasets_of(task)
            for path in TASKS[task].scores(layout, dataset, self.methods_of(task, dataset))
        ]

    def demonstrations(self) -> list[tuple[str, str, int]]:
        """Dataset, method and seed of the authors' demonstrations, also on stand-ins."""
        entries = [
            (dataset, one["method"], one["seed"])
            for one in self.config.get("demonstrations") or []
            for dataset in (one["dataset"], one.get("stand_in"))
            if dataset in self.datasets and one["method"] in self.config["methods"]
        ]
        return list(dict.fromkeys(entries))

    @property
    def parts(self) -> dict[str, Mapping[str, Any]]:
        """The sections of joined datasets, by id; some may also be chosen datasets."""
        return {part["id"]: part for e in self.datasets.values() for part in e.get("parts", [])}

    @property
    def made(self) -> dict[str, Mapping[str, Any]]:
        """Every dataset with one data file: those of ``domains``, and their sections."""
        chosen = {name: self.datasets[name] for name in self.datasets_of(DOMAINS)}
        return {**self.parts, **chosen}

    def named_organism(self, dataset: str) -> str:
        """The organism of own sections, which may be corrected after the data were read.

        Empty for other datasets, and for joined sections of several organisms.
        """
        entry = self.datasets[self.base(dataset)]
        parts = entry.get("parts") or [entry]
        named = {str(p.get("organism", "")) if p["origin"] == "path" else "" for p in parts}
        return named.pop() if len(named) == 1 else ""

    def of_origin(self, *origins: str) -> list[str]:
        """The datasets of ``made`` with this origin: ``files``, ``path``, ``simulate``, ..."""
        return [name for name, entry in self.made.items() if entry["origin"] in origins]

    @property
    def pairs(self) -> dict[str, Mapping[str, Any]]:
        """The pairs of spots and reference, by id."""
        return {name: self.datasets[name] for name in self.datasets_of(DECONVOLUTION)}

    def base(self, dataset: str) -> str:
        """The id of the original of a degraded dataset; of any other dataset its own id."""
        return str(self.datasets[dataset].get("derived_from", dataset))

    def derived(self, task: str) -> dict[str, dict[str, Any]]:
        """``of``, ``way``, ``level`` and ``draw`` of the degraded datasets of a task, by id."""
        return levels_of({name: self.datasets[name] for name in self.datasets_of(task)})

    @property
    def variants(self) -> dict[str, variants.Variant]:
        """The variants of methods in this configuration, by id."""
        return {variant.id: variant for variant in variants.variants_of(self.config)}

    @cached_property
    def published(self) -> dict[str, str]:
        """The methods with a second entry with published settings, by the id of that entry.

        Such an entry takes part on datasets on which its parameters differ from the default ones
        (``methods_of``); an entry that differs on none is left out.
        """
        second = {
            name: str(entry["variant_of"])
            for name, entry in self.methods[DOMAINS].items()
            if has_published_settings(entry)
        }
        datasets = self.datasets_of(DOMAINS)
        return {
            name: method
            for name, method in second.items()
            if any(self._differs(name, dataset) for dataset in datasets)
        }

    def _differs(self, method: str, dataset: str) -> bool:
        """Whether published settings differ from the default ones on a dataset.

        Settings are published for tissues of the registry, also if interactions were planted into
        them, not for simulated or own data.
        """
        if self.datasets[dataset]["origin"] not in ("files", "planted"):
            return False
        default = str(self.methods[DOMAINS][method]["variant_of"])
        return self.params(method, dataset) != self.params(default, dataset)

    @property
    def studies(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Entries outside the ranking: ``derived`` datasets, ``variants`` and ``published``.

        All by id: for a degraded dataset ``of``, ``way``, ``level`` and ``draw``; for a variant
        ``method``, ``factor``, ``value``, ``title``, and by dataset ``unchanged`` and
        ``published``, the value of the factor in the method's own and in its published settings
        (None: there are none); for a method with published settings ``method`` and ``title``.
        """
        return studies_of(self)

    @property
    def tissues(self) -> dict[str, dict[str, str]]:
        """Kind, independent unit and kind of values of each dataset; ``section_of``: own unit."""
        entries = {name: self.datasets[name] for name in self.datasets_of(DOMAINS)}
        units = units_of(entries)  # what is made of others is no section of a unit
        return {
            name: {
                "tissue": tissue_of(entry),
                "unit": units[name],
                "data": entry["kind"],
                "section_of": "" if {"parts", "derived_from"} & set(entry) else unit_of(entry),
            }
            for name, entry in entries.items()
        }

    @property
    def drawings(self) -> dict[str, dict[str, Any]]:
        """``stbench.config.drawing`` of each dataset of ``domains`` that has any."""
        found = {name: drawing_of(self.datasets[name]) for name in self.datasets_of(DOMAINS)}
        return {name: drawing for name, drawing in found.items() if drawing}

    @property
    def external(self) -> Mapping[str, str]:
        """The folders of external results, by name."""
        return self.config.get("external") or {}

    def external_folder(self, name: str, dataset: str, seed: int) -> Path:
        """The folder of an external result for one dataset and training seed."""
        return external.result_folder(self.external[name], dataset, seed)

    def seeds(self, method: str, dataset: str) -> list[int]:
        """The training seeds of a method, or of an external result, on a dataset.

        A degraded dataset has one: each seed has its own draw of the degradation.
        """
        seeds = list(self.config["seeds"])
        if "degrade" in self.datasets[dataset]:
            seeds = [self.datasets[dataset]["degrade"]["draw"]]
        if method in self.external:
            return external.seeds_given(self.external[method], dataset, seeds)
        return seeds

    def gives_graph(self, method: str, dataset: str) -> bool:
        """Whether a method, or an external result, provides a cell graph."""
        if method in self.external:
            return external.gives_graph(self.external[method], dataset, self.config["seeds"])
        return bool(self.method(self.task(dataset), method).get("graph"))

    def params(self, method: str, dataset: str) -> dict[str, Any]:
        """Parameters: defaults, the setting for the dataset, the budget, the user's, a variant's.

        Those of an entry with published settings have the published setting for the dataset.
        """
        return self._params(method, dataset, self._is_cut(method))

    @property
    def shortened(self) -> dict[str, int]:
        """The methods of ``domains`` that the budget cuts, with the epochs they are trained."""
        return {
            method: self.methods[DOMAINS][method]["epochs_cpu"]
            for method in dict.fromkeys(method for _, method in self.entries(DOMAINS))
            if self._is_cut(method)
            and any(
                self._params(method, dataset, True) != self._params(method, dataset, False)
                for dataset in self.datasets_of(DOMAINS)
            )
        }

    def _is_cut(self, method: str) -> bool:
        """Whether the budget limits the epochs of a method, or of an entry made from it."""
        budget = self.config.get("budget")
        if isinstance(budget, list):
            own = next(task[method] for task in self.methods.values() if method in task)
            return own.get("variant_of", method) in budget
        return budget == "cpu"

    def _params(self, method: str, dataset: str, cpu: bool) -> dict[str, Any]:
        entry = self.method(self.task(dataset), method)
        name = f"{'published' * has_published_settings(entry)}{'cpu' * cpu}" or "default"
        params = self.known_params(method, dataset)[name]
        given = (self.config.get("params") or {}).get(entry.get("variant_of", method), {})
        own = {name: value for name, value in given.items() if name in entry.get("params", {})}
        return {**params, **own, **entry.get("changes", {})}

    def known_params(self, method: str, dataset: str) -> dict[str, dict[str, Any]]:
        """As of ``stbench.config.methods.named_params``."""
        return named_params(self.method(self.task(dataset), method), self.datasets[dataset])

    def refine(self, dataset: str) -> int:
        """The number of neighbors that refine the labels of a dataset; 0: none."""
        chosen = self.config.get("refine")
        return int(self.datasets[dataset].get("refine", 0) if chosen is None else chosen)

    def nearest_wins(self, method: str) -> bool:
        """Whether the nearest label wins a tie of the neighbors that refine labels."""
        return bool(self.method(DOMAINS, method).get("nearest_wins"))

    def gene_sets(self, task: str) -> list[str]:
        """The user's file of gene sets for a task, if any."""
        file = (self.config.get(task) or {}).get("gene_sets")
        return [file] if file else []

    def method(self, task: str, method: str) -> Mapping[str, Any]:
        """The entry of a method of a task.

        Raises:
            InputError: there is a rule for it but no entry.
        """
        if method not in self.methods[task]:
            raise InputError(
                f"rules/methods/{method}.smk: config/{TASKS[task].methods} has no entry {method!r}"
            )
        return self.methods[task][method]

    def environment(self, task: str, method: str) -> str:
        """The environment of a method: ``envs/<environment>.yaml``."""
        return str(self.method(task, method).get("environment", "default"))

    def gpus(self, task: str, method: str) -> int:
        """The number of GPUs that a fit of this method requests."""
        return int(self._resources(task, method)["gpu"])

    def mem_mb(self, method: str, dataset: str, attempt: int) -> int:
        """Memory of one fit in MB, times the attempt."""
        return attempt * self._linear("mem_mb", method, dataset)

    def minutes(self, method: str, dataset: str) -> int:
        """Soft time limit of one fit in minutes."""
        return self._linear("minutes", method, dataset)

    def size(self, dataset: str) -> Size:
        """``stbench.config.resources.size_of`` a dataset."""
        return size_of(self.datasets[dataset])

    def _resources(self, task: str, method: str) -> dict[str, Any]:
        return {**DEFAULT_RESOURCES, **self.method(task, method).get("resources", {})}

    def _linear(self, resource: str, method: str, dataset: str) -> int:
        formula = self._resources(self.task(dataset), method)[resource]
        return linear(formula, self.size(dataset))


def load_benchmark(
    config: Mapping[str, Any], config_dir: Path, *, need_files: bool = True
) -> Benchmark:
    """Check the configuration and look up its datasets and methods.

    Args:
        config: the merged configuration.
        config_dir: folder with ``datasets.yaml``, the lists of methods and ``schemas/``.
        need_files: whether the user's own files must exist, as for a run.

    Raises:
        InputError: one line that names what is unknown or of the wrong type.
    """
    config = with_numbers(config)
    check(config, load_yaml(config_dir / "schemas/config.schema.yaml"), "config:")
    configuration_name(config, [])
    methods = load_methods(config_dir)
    registry = load_registry(config_dir / "datasets.yaml")
    try:
        registry = choose_sources(registry, config.get("sources") or {})
    except InputError as error:
        raise InputError(f"config: {error}") from error
    datasets = chosen_datasets(config, registry)
    if need_files:
        check_own_files(datasets.values())
    tasks = list(dict.fromkeys(map(task_of, datasets.values())))
    check_chosen(config, methods, tasks)
    external.check_used(config.get("external") or {}, tasks)
    check_named(config, methods, registry, need_files=need_files)
    check_params(config, methods, tasks)
    check_budget(config, methods)
    methods = {**methods, DOMAINS: methods_of_domains(config, methods)}
    if config["rank_by"] not in config["clusterers"]:
        raise InputError(
            f"config: rank_by: {config['rank_by']!r} is not among the clusterers "
            f"({', '.join(config['clusterers'])})"
        )
    return Benchmark(config, datasets, methods, downloads_of(datasets, registry))
