"""List the failed cells of the benchmark and, with --reset, let the next run try them again.

Failed are fits with the status error, oom, timeout, nan or killed, and datasets that could not be
had or were refused. --reset deletes them with everything made of them: labels, scores,
interactions, tables and figures. Other fits stay, so only what failed is trained again.
"""

from __future__ import annotations

import argparse
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stbench.common.constants import FAILED
from stbench.common.errors import InputError, run_cli
from stbench.common.text import columns
from stbench.data import fetch
from stbench.fitting.output import read_status

SUMMARIES = ("results.parquet", "tables", "figures", "summary.txt")


@dataclass(frozen=True)
class Failure:
    """One failed fit, or one failed dataset where ``method`` is empty."""

    dataset: str
    method: str
    seed: str
    status: str
    reason: str


def failed_fits(results: Path) -> list[Failure]:
    found = []
    for path in sorted(results.glob("fits/*/*/seed*/status.json")):
        dataset, method, seed = path.parts[-4:-1]
        ended = read_status(path.parent)
        if ended["status"] in FAILED:
            found.append(Failure(dataset, method, seed, ended["status"], ended["reason"]))
    return found


def failed_datasets(results: Path) -> list[Failure]:
    """Datasets whose download failed, or that are recorded as failed in data/ or preprocessed/."""
    reasons: dict[str, str] = {}
    for folder in ("preprocessed", "data"):
        for path in sorted(results.glob(f"{folder}/[!.]*.h5ad")):
            told = dataset_status(path)
            if told.get("status") == "error":
                reasons[path.stem] = told["reason"]
    for path in sorted(results.glob("raw/[!.]*/status.json")):
        download = fetch.read_status(path.parent)
        if download["status"] == "error":
            reasons[path.parent.name] = download["reason"]
    return [Failure(name, "", "", "error", reason) for name, reason in sorted(reasons.items())]


def dataset_status(path: Path) -> dict[str, str]:
    """``status`` and ``reason`` of uns['dataset'], without reading the data."""
    import h5py

    try:
        with h5py.File(path) as file:
            facts = file["uns/dataset"]
            return {key: facts[key].asstr()[()] for key in ("status", "reason") if key in facts}
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: not a dataset of this pipeline ({error}); delete it") from error


def outputs_of(failure: Failure, results: Path) -> list[Path]:
    """What has to go so that the workflow makes the failed cell again, and what rests on it."""
    name = failure.dataset
    if failure.method:
        cell = f"{name}/{failure.method}"
        graph = results / "interactions" / cell  # of methods that learn a cell graph only
        return [
            results / "fits" / cell / failure.seed,
            results / f"labels/{cell}.h5",
            results / f"scores/{cell}.parquet",
            results / f"epochs/{cell}.parquet",
            results / f"integration/{cell}.parquet",
            *([graph, graph.with_name("scores.parquet")] if graph.is_dir() else []),
        ]
    data = [results / f"{folder}/{name}.h5ad" for folder in ("data", "preprocessed")]
    fits = [
        path.parent
        for path in results.glob(f"fits/{name}/*/seed*/status.json")
        if read_status(path.parent)["status"] == "not_applicable"
    ]
    return [
        results / "raw" / name,
        *data,
        *fits,
        results / "labels" / name,
        results / "scores" / name,
        results / "epochs" / name,
        results / "interactions" / name,
        results / "integration" / name,
    ]


def delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    with suppress(FileNotFoundError):
        path.unlink()


def as_table(failures: list[Failure]) -> str:
    head = ("dataset", "method", "seed", "status", "reason")
    rows = [
        (f.dataset, f.method or "(data)", f.seed.removeprefix("seed"), f.status, f.reason)
        for f in failures
    ]
    return columns([head, *rows], left=range(len(head)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    parser.add_argument("--reset", action="store_true", help="delete them, to be tried again")
    args = parser.parse_args()
    if not args.results.is_dir():
        raise InputError(f"{args.results}: no such folder; nothing has been run here yet")

    failures = failed_datasets(args.results) + failed_fits(args.results)
    if not failures:
        print(f"no failed cells in {args.results}")
        return
    print(as_table(failures))
    if not args.reset:
        print(f"\n{len(failures)} failed; --reset lets the next run try them again")
        return
    summaries = [args.results / name for name in SUMMARIES]
    for path in [path for failure in failures for path in outputs_of(failure, args.results)]:
        delete(path)
    for path in summaries:
        delete(path)
    print(f"\n{len(failures)} reset; the next run tries them again")


if __name__ == "__main__":
    run_cli(main)
