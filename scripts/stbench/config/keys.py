"""The keys of the shared files of a configuration, computed before the files are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

from stbench.common.errors import InputError
from stbench.common.file_hashes import FileHashes
from stbench.common.paths import SCRIPTS, method_files
from stbench.config.benchmark import Benchmark
from stbench.config.external import IMPLEMENTATION, result_files
from stbench.config.identity import Identity, key_of, settings_name
from stbench.config.layout import Layout
from stbench.config.tasks import DECONVOLUTION, DOMAINS, INTERACTIONS

FILE_HASHES = ".file_hashes.json"  # of the user's own files, in the results folder
INTEGRATION_ENVIRONMENT = "integration"
COMMUNICATION_ENVIRONMENT = "communication"


def layout_of(benchmark: Benchmark, root: Path) -> Layout:
    """The layout of a configuration's results, with its keys."""
    return Layout(root, benchmark.name, keys_of(benchmark, root))


def keys_of(benchmark: Benchmark, root: Path) -> BenchmarkKeys:
    """The keys of a configuration with results below ``root``."""
    entries = {**benchmark.downloads, **benchmark.parts, **benchmark.datasets}
    return BenchmarkKeys(benchmark, Identity(entries, _readable(FileHashes(root / FILE_HASHES))))


def method_programs(task: str, method: str) -> list[str]:
    """The program that fits a method, then the file of the method, below ``scripts/``."""
    if task == DECONVOLUTION:
        return ["fit_deconvolution.py", f"deconvolution_methods/{method}.py"]
    # Snakemake reports a missing file.
    file = method_files().get(method, SCRIPTS / f"methods/{method}.py")
    own = file.relative_to(SCRIPTS).as_posix()
    return ["fit.py", "fit.R", own] if file.suffix == ".R" else ["fit.py", own]


def _remembered(make: Callable[..., str]) -> Callable[..., str]:
    """Compute each key once; rules ask for it many times."""

    @wraps(make)
    def key(self: BenchmarkKeys, *ids: str) -> str:
        place = (make.__name__, *ids)
        if place not in self._cache:
            self._cache[place] = make(self, *ids)
        return self._cache[place]

    return key


class BenchmarkKeys:
    """Keys of all shared files of a configuration (``stbench.config.layout.Keys``).

    Args:
        benchmark: the configuration.
        identity: keys of its datasets and of the code.
    """

    def __init__(self, benchmark: Benchmark, identity: Identity) -> None:
        self.benchmark = benchmark
        self.identity = identity
        self._cache: dict[tuple[str, ...], str] = {}

    @_remembered
    def raw(self, dataset: str) -> str:
        return self.identity.raw(dataset)

    @_remembered
    def data(self, dataset: str) -> str:
        """Key of a dataset with its truth; one program makes both."""
        if dataset in self.benchmark.pairs:
            return self.identity.data(dataset)
        return self.identity.truth(dataset)

    @_remembered
    def preprocessed(self, dataset: str) -> str:
        return self.identity.stage("preprocess.py", data=self.identity.data(dataset))

    @_remembered
    def method_code(self, task: str, method: str) -> str:
        """Hash of the code of a method; for a variant, of its method."""
        own = self.benchmark.method(task, method).get("variant_of", method)
        programs = method_programs(task, own)
        return self.identity.method_code(programs, self.benchmark.environment(task, own))

    @_remembered
    def fit(self, dataset: str, method: str) -> str:
        """The name of the parameters and the key of the fits of an entry."""
        benchmark = self.benchmark
        task = benchmark.task(dataset)
        if method in benchmark.external:
            return f"{IMPLEMENTATION}-{self._external(dataset, method)}"
        entry = benchmark.method(task, method)
        params = benchmark.params(method, dataset)
        needs_truth = task == DOMAINS and entry.get("needs_truth")
        key = key_of(
            data=self._read_by_methods(dataset),
            truth=self.data(dataset) if needs_truth else None,
            params=params,
            code=self.method_code(task, method),
            record=bool(entry.get("trainable")),
        )
        return f"{settings_name(params, benchmark.known_params(method, dataset))}-{key}"

    @_remembered
    def labels(self, dataset: str, method: str) -> str:
        return self.identity.stage(
            "cluster.py",
            fits=self._fits(dataset, method),
            clusterers=list(self.benchmark.config["clusterers"]),
            refine=self.benchmark.refine(dataset),
            nearest_wins=self.benchmark.nearest_wins(method),
        )

    @_remembered
    def scores(self, dataset: str, method: str) -> str:
        if dataset in self.benchmark.pairs:
            return self.identity.stage(
                "score_deconvolution.py",
                fits=self._fits(dataset, method),
                data=self.data(dataset),
            )
        return self.identity.stage(
            "score.py",
            labels=self.labels(dataset, method),
            data=self.data(dataset),
            trainable=bool(self.benchmark.method(DOMAINS, method).get("trainable")),
        )

    @_remembered
    def interactions(self, dataset: str, method: str) -> str:
        settings = dict(self.benchmark.config.get(INTERACTIONS) or {})
        for name in ("reach", "gene_sets", "communication"):  # two of them affect only scores
            settings.pop(name, None)
        return self.identity.stage(
            "interactions.py",
            fits=self._fits(dataset, method),
            data=self.data(dataset),
            settings=settings,
            organism=self.benchmark.named_organism(dataset),
            gene_sets=self.identity.contents(self.benchmark.gene_sets(INTERACTIONS)),
        )

    @_remembered
    def communication(self, dataset: str, tool: str) -> str:
        programs = ["communication.py", f"communication_methods/{tool}.py"]
        return key_of(
            code=self.identity.method_code(programs, COMMUNICATION_ENVIRONMENT),
            data=self.data(dataset),
            preprocessed=self.preprocessed(dataset),
            reach=self.benchmark.config[INTERACTIONS]["reach"],
        )

    @_remembered
    def interaction_scores(self, dataset: str) -> str:
        methods = self.benchmark.methods_of(INTERACTIONS, dataset)
        settings = self.benchmark.config[INTERACTIONS]
        return self.identity.stage(
            "score_interactions.py",
            interactions=[(method, self.interactions(dataset, method)) for method in methods],
            communication=[
                (tool, self.communication(dataset, tool)) for tool in self.benchmark.tools
            ],
            graph=settings["graph"],
            reach=settings["reach"],
        )

    @_remembered
    def integration(self, dataset: str, method: str) -> str:
        code = self.identity.method_code(["score_integration.py"], INTEGRATION_ENVIRONMENT)
        return key_of(
            code=code,
            labels=self.labels(dataset, method),
            data=self.data(dataset),
            rank_by=self.benchmark.config["rank_by"],
        )

    def _fits(self, dataset: str, method: str) -> list[Any]:
        return [self.fit(dataset, method), self.benchmark.seeds(method, dataset)]

    def _read_by_methods(self, dataset: str) -> str:
        """Key of the data that methods get; of a degraded pair, with the original reference."""
        if dataset in self.benchmark.pairs:
            return self.data(dataset)
        return self.preprocessed(dataset)

    def _external(self, dataset: str, method: str) -> str:
        files = [
            [seed, self.identity.contents(self._result(dataset, method, seed))]
            for seed in self.benchmark.seeds(method, dataset)
        ]
        return self.identity.stage("import_result.py", data=self.preprocessed(dataset), files=files)

    def _result(self, dataset: str, method: str, seed: int) -> Iterable[Path]:
        return result_files(self.benchmark.external_folder(method, dataset, seed))


def _readable(file_hash: Callable[[str], str]) -> Callable[[str], str]:
    """The same function, with a one-line error if a file cannot be read."""

    def read(path: str) -> str:
        try:
            return file_hash(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error

    return read
