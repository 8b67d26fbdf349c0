"""The methods of each task, and checks of the methods and parameters of a configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.config.schema import check, load_yaml, suggestion
from stbench.config.tasks import DOMAINS, FITTED, INTERACTIONS, MARKERS, TASKS

Methods = dict[str, dict[str, dict[str, Any]]]  # entry by task and id


def load_methods(folder: Path) -> Methods:
    """The entries of the methods of every task that fits methods, by task and id.

    Raises:
        InputError: one line that names the file, the entry and what is wrong.
    """
    schema = load_yaml(folder / "schemas/methods.schema.yaml")
    methods = {}
    for task in FITTED:
        file = TASKS[task].methods
        methods[task] = load_yaml(folder / file)
        check(methods[task], schema, f"{file}:")
    return methods


def check_chosen(config: Mapping[str, Any], methods: Methods, tasks: Collection[str]) -> None:
    """Check that every method is known and used, and that every task has a method.

    Args:
        config: the configuration.
        methods: result of ``load_methods``.
        tasks: the tasks of the datasets.

    Raises:
        InputError: one line that names the method or the task.
    """
    known = {name for task in FITTED for name in methods[task]}
    used = {name for task in tasks for name in methods[task]}
    for method in config["methods"]:
        if method not in known:
            raise unknown_method(method, known)
        if method not in used:
            home = next(task for task in FITTED if method in methods[task])
            raise InputError(
                f"config: methods: {method!r} is a method of the task {home}, but no dataset has "
                f"this task; methods of {' and '.join(tasks)}: "
                f"{', '.join(sorted(used))}"
            )
    for task in tasks:
        external = task == DOMAINS and config.get("external")
        if not set(config["methods"]) & set(methods[task]) and not external:
            raise InputError(
                f"config: methods: no method of the task {task}, which a dataset requires; "
                f"known: {', '.join(sorted(methods[task]))}"
            )


def check_named(
    config: Mapping[str, Any],
    methods: Methods,
    registry: Mapping[str, Any],
    *,
    need_files: bool,
) -> None:
    """Check what demonstrations name, and that files of gene sets exist.

    Args:
        config: the configuration.
        methods: result of ``load_methods``.
        registry: of ``stbench.config.registry.load_registry``.
        need_files: whether the user's own files must exist, as for a run.

    Raises:
        InputError: one line that names the entry.
    """
    for one in config.get("demonstrations") or []:
        where = f"config: demonstrations: {one['title']}"
        if one["method"] not in methods[DOMAINS]:
            raise InputError(f"{where}: method: no method of {DOMAINS} is called {one['method']!r}")
        if one["dataset"] not in registry:
            raise InputError(f"{where}: dataset: {one['dataset']!r} is not in config/datasets.yaml")
    for task in (INTERACTIONS, MARKERS) if need_files else ():
        file = (config.get(task) or {}).get("gene_sets")
        if file and not Path(file).is_file():
            raise InputError(f"config: {task}: gene_sets: {file}: no such file")


def check_params(config: Mapping[str, Any], methods: Methods, tasks: Collection[str]) -> None:
    """Check the names and types of the user's own parameters (``params``).

    If a method belongs to several tasks, a parameter applies to the tasks that define it.

    Raises:
        InputError: one line that names the parameter.
    """
    known = {name for task in FITTED for name in methods[task]}
    for method, params in (config.get("params") or {}).items():
        if method not in known:
            raise unknown_method(method, known, key="params")
        in_use = [methods[task][method] for task in tasks if method in methods[task]]
        entries = in_use or [methods[task][method] for task in FITTED if method in methods[task]]
        defaults = [entry.get("params", {}) for entry in entries]
        for name, value in params.items():
            matches = [default for default in defaults if name in default] or defaults[:1]
            for default in matches:
                check_parameter(f"params.{method}", name, value, default)


def check_budget(config: Mapping[str, Any], methods: Methods) -> None:
    """Check that every method that a budget names can train fewer epochs.

    Raises:
        InputError: one line that names the method.
    """
    budget = config.get("budget")
    known = {name for task in FITTED for name in methods[task]}
    for method in budget if isinstance(budget, list) else []:
        if method not in known:
            raise unknown_method(method, known, key="budget")
        if not any("epochs_cpu" in methods[task].get(method, {}) for task in FITTED):
            raise InputError(f"config: budget: {method!r} has no epochs_cpu and trains in full")


def check_parameter(key: str, name: str, value: Any, known: Mapping[str, Any]) -> None:
    """Check one parameter against the default parameters of the method.

    Args:
        key: key of the configuration that sets it.
        name, value: the parameter.
        known: the default parameters.

    Raises:
        InputError: an unknown name, or a type that differs from the default value.
    """
    where = f"config: {key}"
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


def unknown_method(name: str, known: Collection[str], key: str = "methods") -> InputError:
    names = sorted(known)
    return InputError(
        f"config: {key}: unknown method {name!r}{suggestion(name, names)}; "
        f"known: {', '.join(names)}"
    )


def is_ranked(method: Mapping[str, Any]) -> bool:
    """Whether a method, by its entry, takes part in ranks and tests; most controls do not."""
    return bool(method.get("ranked", not method.get("control")))


def named_params(
    method: Mapping[str, Any], dataset: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Named sets of parameters for a dataset: ``default``, ``published``, and both cut.

    The latter are ``cpu`` and ``publishedcpu``, for ``budget: cpu``.

    Args:
        method: its entry.
        dataset: its description.
    """
    default = {**method.get("params", {}), **setting_for(method, dataset)}
    published = {**default, **setting_for(method, dataset, "published")}
    return {
        "default": default,
        "published": published,
        "cpu": _cut(default, method),
        "publishedcpu": _cut(published, method),
    }


def _cut(params: Mapping[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with at most as many epochs as ``budget: cpu`` allows."""
    if "epochs_cpu" not in method:
        return dict(params)
    return {**params, "epochs": min(params["epochs"], method["epochs_cpu"])}


def setting_for(
    method: Mapping[str, Any], dataset: Mapping[str, Any], key: str = "settings"
) -> dict[str, Any]:
    """The first setting of a method that applies to a dataset; empty for none.

    For joined sections it is the setting that all sections share.

    Args:
        method: its entry.
        dataset: its description.
        key: ``settings`` or ``published``.
    """
    of_parts = [setting_for(method, part, key) for part in dataset.get("parts", [])]
    if of_parts and all(setting == of_parts[0] for setting in of_parts):
        return of_parts[0]
    settings = method.get(key, [])
    return next((dict(s["params"]) for s in settings if _applies(s, dataset)), {})


def measured_by(dataset: Mapping[str, Any]) -> str:
    """The technology without an addition, such as that counts are simulated."""
    return str(dataset.get("technology", "")).partition(",")[0]


def _applies(setting: Mapping[str, Any], dataset: Mapping[str, Any]) -> bool:
    names = {dataset["id"], dataset.get("derived_from")}
    if "datasets" in setting and names.isdisjoint(setting["datasets"]):
        return False
    if "technology" in setting and measured_by(dataset) != setting["technology"]:
        return False
    if "kind" in setting and dataset.get("kind") != setting["kind"]:
        return False
    genes = dataset.get("genes")
    return "max_genes" not in setting or (genes is not None and genes <= setting["max_genes"])
