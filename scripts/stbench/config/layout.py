"""The paths of all files below ``results/``; no other module defines its folders.

All configurations share the expensive files; each has its own folder for files that are cheap to
make. The path of a shared file contains the key of its recipe. Ids may be wildcards of Snakemake,
such as ``{dataset}``; without the keys of a configuration the key is a wildcard, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from stbench.common.errors import InputError

SHARED = (
    *("raw", "data", "preprocessed", "truth", "fits", "labels", "epochs", "scores"),
    *("communication", "interactions", "integration", "logs", "attempts"),
)
DEFAULT = "default"  # the name of config/config.yaml without other files
SPOTS, REFERENCE = "spots", "reference"  # the parts of a pair


class Keys(Protocol):
    """The keys in the paths of shared files, by dataset, or by dataset and method."""

    def raw(self, dataset: str) -> str: ...
    def data(self, dataset: str) -> str: ...
    def preprocessed(self, dataset: str) -> str: ...
    def fit(self, dataset: str, method: str) -> str: ...
    def labels(self, dataset: str, method: str) -> str: ...
    def scores(self, dataset: str, method: str) -> str: ...
    def communication(self, dataset: str, tool: str) -> str: ...
    def interactions(self, dataset: str, method: str) -> str: ...
    def interaction_scores(self, dataset: str) -> str: ...
    def integration(self, dataset: str, method: str) -> str: ...


class SameKey:
    """One key for all files: the wildcard of rules, or the key of a test.

    Attributes:
        key: the key.
    """

    def __init__(self, key: str = "{key}") -> None:
        self.key = key

    def raw(self, dataset: str) -> str:
        return self.key

    data = preprocessed = interaction_scores = raw

    def fit(self, dataset: str, method: str) -> str:
        return self.key

    labels = scores = communication = interactions = integration = fit


class KeysOfFiles:
    """The keys in given paths, for programs that get only paths of files.

    Args:
        root: the results folder.
        files: paths below ``<root>/<kind>/<dataset>/``; for fits, the folder with all seeds.
    """

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        self._keys: dict[tuple[str, ...], str] = {}
        for file in files:
            kind, *ids = file.relative_to(root).parts
            if kind == "data":  # of a pair: a folder
                ids = ids[:2]
            *entry, last = ids
            self._keys[kind, *entry] = last.partition(".")[0]

    def raw(self, dataset: str) -> str:
        return self._key("raw", dataset)

    def data(self, dataset: str) -> str:
        return self._key("data", dataset)

    def preprocessed(self, dataset: str) -> str:
        return self._key("preprocessed", dataset)

    def fit(self, dataset: str, method: str) -> str:
        return self._key("fits", dataset, method)

    def labels(self, dataset: str, method: str) -> str:
        return self._key("labels", dataset, method)

    def scores(self, dataset: str, method: str) -> str:
        return self._key("epochs", dataset, method)

    def communication(self, dataset: str, tool: str) -> str:
        return self._key("communication", dataset, tool)

    def interactions(self, dataset: str, method: str) -> str:
        return self._key("interactions", dataset, method)

    def interaction_scores(self, dataset: str) -> str:
        return self._key("interactions", dataset)

    def integration(self, dataset: str, method: str) -> str:
        return self._key("integration", dataset, method)

    def _key(self, *names: str) -> str:
        if names not in self._keys:
            raise InputError(f"no file of {'/'.join(names)} was provided")
        return self._keys[names]


@dataclass(frozen=True)
class Layout:
    """The paths of results.

    Attributes:
        root: the results folder.
        name: name of the configuration; its folder is ``<root>/<name>``.
        keys: keys of the configuration (``stbench.config.keys``); default: the wildcard ``{key}``.
    """

    root: Path = Path("results")
    name: str = DEFAULT
    keys: Keys = field(default_factory=SameKey)

    # Shared by all configurations.

    @property
    def all_raw(self) -> Path:
        return self.root / "raw"

    @property
    def stague_archive(self) -> Path:
        """The unpacked archive of STAGUE's authors; its parent is a mirror folder."""
        return self.all_raw / "archive/STAGUE_archive"

    def raw(self, dataset: str) -> Path:
        return self.all_raw / dataset / self.keys.raw(dataset)

    def data(self, dataset: str) -> Path:
        return self.root / "data" / dataset / f"{self.keys.data(dataset)}.h5ad"

    def pair(self, dataset: str, part: str) -> Path:
        """Spots or reference of a pair."""
        return self.root / "data" / dataset / self.keys.data(dataset) / f"{part}.h5ad"

    def truth(self, dataset: str) -> Path:
        """The true proportions of a pair; the truth of any other dataset is in ``data``."""
        return self.root / "truth" / dataset / f"{self.keys.data(dataset)}.h5ad"

    def preprocessed(self, dataset: str) -> Path:
        return self.root / "preprocessed" / dataset / f"{self.keys.preprocessed(dataset)}.h5ad"

    def fits(self, dataset: str, method: str) -> Path:
        """The folder of the fits of an entry, one for each training seed."""
        return self.root / "fits" / dataset / method / self.keys.fit(dataset, method)

    def fit(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.fits(dataset, method) / f"seed{seed}"

    def fit_status(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.fit(dataset, method, seed) / "status.json"

    def fit_log(self, dataset: str, method: str, seed: int | str) -> Path:
        key = self.keys.fit(dataset, method)
        return self.log("fits", dataset, method, key, f"seed{seed}")

    def attempts(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.attempts_of(self.fit(dataset, method, seed))

    def attempts_of(self, fit: str | Path) -> Path:
        """The log of the attempts at a fit, by the folder of the fit."""
        path = self.root / "attempts" / Path(fit).relative_to(self.root / "fits")
        return path.with_name(f"{path.name}.jsonl")

    def labels(self, dataset: str, method: str) -> Path:
        return self.root / "labels" / dataset / method / f"{self.keys.labels(dataset, method)}.h5"

    def epochs(self, dataset: str, method: str) -> Path:
        key = self.keys.scores(dataset, method)
        return self.root / "epochs" / dataset / method / f"{key}.parquet"

    def scores(self, dataset: str, method: str) -> Path:
        key = self.keys.scores(dataset, method)
        return self.root / "scores" / dataset / method / f"{key}.parquet"

    def communication(self, dataset: str, tool: str) -> Path:
        key = self.keys.communication(dataset, tool)
        return self.root / "communication" / dataset / tool / f"{key}.h5ad"

    def interactions(self, dataset: str, method: str) -> Path:
        key = self.keys.interactions(dataset, method)
        return self.root / "interactions" / dataset / method / key

    def interaction_scores(self, dataset: str) -> Path:
        key = self.keys.interaction_scores(dataset)
        return self.root / "interactions" / dataset / f"{key}.parquet"

    def integration(self, dataset: str, method: str) -> Path:
        key = self.keys.integration(dataset, method)
        return self.root / "integration" / dataset / method / f"{key}.parquet"

    def log(self, *names: str) -> Path:
        *folders, last = names
        return self.root.joinpath("logs", *folders, f"{last}.log")

    # One folder for each configuration.

    @property
    def own(self) -> Path:
        return self.root / self.name

    @property
    def summary(self) -> Path:
        return self.own / "summary.txt"

    @property
    def results(self) -> Path:
        return self.own / "results.parquet"

    @property
    def tables(self) -> Path:
        return self.own / "tables"

    @property
    def figures(self) -> Path:
        return self.own / "figures"

    @property
    def report(self) -> Path:
        return self.own / "report/index.html"

    @property
    def demo(self) -> Path:
        return self.own / "demo"

    @property
    def comparison(self) -> Path:
        """Methods beside shipped results."""
        return self.own / "comparison"

    @property
    def partial(self) -> Path:
        return self.own / "partial"

    @property
    def plan(self) -> Path:
        return self.own / "plan.csv"

    @property
    def run(self) -> Path:
        return self.own / "run.json"

    def domains(self, dataset: str, ending: str) -> Path:
        """A file of the maps of a dataset by all methods: ``h5ad``, ``tsv``, ``methods.csv``."""
        return self.own / "domains" / f"{dataset}.{ending}"

    def choosing(self, dataset: str) -> Path:
        return self.own / "choosing" / dataset

    def markers(self, dataset: str) -> Path:
        return self.own / "markers" / dataset

    def own_log(self, name: str) -> Path:
        return self.log(self.name, name)

    # Search for existing files.

    def names_run(self) -> list[str]:
        """The configurations with a run, the latest first."""
        notes = sorted(self.root.glob("*/run.json"), key=lambda path: -path.stat().st_mtime)
        return [path.parent.name for path in notes]

    def any_of(self, dataset: str) -> list[Path]:
        """All existing inputs of methods of a dataset: preprocessed data, or spots."""
        patterns = [f"preprocessed/{dataset}/*.h5ad", f"data/{dataset}/*/{SPOTS}.h5ad"]
        return [path for pattern in patterns for path in sorted(self.root.glob(pattern))]

    def finished_fits(self, dataset: str = "*") -> list[Path]:
        """``status.json`` of every fit of any configuration."""
        return sorted(self.root.glob(f"fits/{dataset}/*/*/seed*/status.json"))


def configuration_name(config: Mapping[str, Any], files: Sequence[str | Path]) -> str:
    """The name of a configuration: its key ``name``, else that of its last file.

    Args:
        config: the merged configuration.
        files: configuration files of the command line; empty: only ``config/config.yaml``.

    Raises:
        InputError: the name is not valid for a folder, or is that of a shared folder.
    """
    name = config.get("name") or (Path(files[-1]).stem if files else DEFAULT)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", str(name)):
        raise InputError(
            f"config: name: {name!r} cannot name a folder of results; set `name:` to letters, "
            "digits, '_' and '-'"
        )
    if name in SHARED:
        raise InputError(f"config: name: results/{name} is a shared folder; set another `name:`")
    return str(name)
