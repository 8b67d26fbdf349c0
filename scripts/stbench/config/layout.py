"""Where everything below ``results/`` is: the only module that knows its folders.

What is expensive is shared by all configurations; what is cheap to make again has one folder for
each configuration. Ids may be wildcards of Snakemake, such as ``{dataset}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError

SHARED = (
    *("raw", "data", "preprocessed", "truth", "fits", "labels", "epochs", "scores"),
    *("interactions", "integration", "logs", "attempts"),
)
DEFAULT = "default"  # the name of config/config.yaml alone
SPOTS, REFERENCE = "spots", "reference"  # the parts of a pair


@dataclass(frozen=True)
class Layout:
    """The paths of results.

    Attributes:
        root: the results folder.
        name: of the configuration, whose own folder is ``<root>/<name>``.
    """

    root: Path = Path("results")
    name: str = DEFAULT

    # Shared by all configurations.

    def raw(self, dataset: str) -> Path:
        return self.root / "raw" / dataset

    def data(self, dataset: str) -> Path:
        return self.root / "data" / f"{dataset}.h5ad"

    def pair(self, dataset: str, part: str) -> Path:
        """Spots or reference of a pair."""
        return self.root / "data" / dataset / f"{part}.h5ad"

    def truth(self, dataset: str) -> Path:
        """The true proportions of a pair; the truth of any other dataset is in ``data``."""
        return self.root / "truth" / f"{dataset}.h5ad"

    def preprocessed(self, dataset: str) -> Path:
        return self.root / "preprocessed" / f"{dataset}.h5ad"

    def fit(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.root / "fits" / dataset / method / f"seed{seed}"

    def fit_status(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.fit(dataset, method, seed) / "status.json"

    def fit_log(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.log("fits", dataset, method, f"seed{seed}")

    def attempts(self, dataset: str, method: str, seed: int | str) -> Path:
        return self.attempts_of(self.fit(dataset, method, seed))

    def attempts_of(self, fit: str | Path) -> Path:
        """The log of the attempts at a fit, by the folder of the fit."""
        path = self.root / "attempts" / Path(fit).relative_to(self.root / "fits")
        return path.with_name(f"{path.name}.jsonl")

    def labels(self, dataset: str, method: str) -> Path:
        return self.root / "labels" / dataset / f"{method}.h5"

    def epochs(self, dataset: str, method: str) -> Path:
        return self.root / "epochs" / dataset / f"{method}.parquet"

    def scores(self, dataset: str, method: str) -> Path:
        return self.root / "scores" / dataset / f"{method}.parquet"

    @property
    def all_interactions(self) -> Path:
        return self.root / "interactions"

    def interactions(self, dataset: str, method: str) -> Path:
        return self.all_interactions / dataset / method

    def interaction_scores(self, dataset: str) -> Path:
        return self.all_interactions / dataset / "scores.parquet"

    def integration(self, dataset: str, method: str) -> Path:
        return self.root / "integration" / dataset / f"{method}.parquet"

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
    def partial(self) -> Path:
        return self.own / "partial"

    @property
    def plan(self) -> Path:
        return self.own / "plan.csv"

    @property
    def run(self) -> Path:
        return self.own / "run.json"

    def markers(self, dataset: str) -> Path:
        return self.own / "markers" / dataset

    def own_log(self, name: str) -> Path:
        return self.log(self.name, name)

    # Searching what is there.

    def names_run(self) -> list[str]:
        """The configurations that have been run, the latest first."""
        notes = sorted(self.root.glob("*/run.json"), key=lambda path: -path.stat().st_mtime)
        return [path.parent.name for path in notes]

    def finished_fits(self) -> list[Path]:
        """``status.json`` of every fit of any configuration."""
        return sorted(self.root.glob("fits/*/*/seed*/status.json"))


def configuration_name(config: Mapping[str, Any], files: Sequence[str | Path]) -> str:
    """The name of a configuration: its key ``name``, else that of its last file.

    Args:
        config: the merged configuration.
        files: those given on the command line; none: ``config/config.yaml`` alone.

    Raises:
        InputError: the name cannot be that of a folder, or a shared folder has it.
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
