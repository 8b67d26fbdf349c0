"""The share of pipeline overhead in configurations that are too large to run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_run import Rule
from pipeline_stages import SIZES, Stages, between
from stopwatch import REPOSITORY, table

TARGETS = {"real": 0.25, "paper": 0.05}
KMEANS = ("kmeans",)  # of a small tissue: little more than the start of the program
PARTS = (
    *("data", "start of fits", "clustering of epochs", "clustering", "scoring"),
    *("interactions", "tables, figures, pages"),
)
FINAL = ("aggregate", "figures", "summarize", "demo", "report")


@dataclass(frozen=True)
class Predicted:
    """Hours of one configuration.

    Attributes:
        inside: in methods' fits.
        outside: by part.
        left_out: methods without measurements; their fits and jobs do not count.
    """

    inside: float
    outside: dict[str, float]
    left_out: list[str]

    @property
    def share(self) -> float:
        """Share of the overhead."""
        outside = sum(self.outside.values())
        return outside / (outside + self.inside)


def benchmarks() -> dict:
    """The configurations with a target, checked as in a run."""
    from stbench.config.benchmark import load_benchmark
    from stbench.config.schema import load_yaml

    folder = REPOSITORY / "config"
    default = load_yaml(folder / "config.yaml")
    return {
        name: load_benchmark({**default, **load_yaml(folder / f"{name}.yaml")}, folder)
        for name in TARGETS
    }


def predict(benchmark, measured: Mapping[int, Stages], run: Mapping[str, Rule]) -> Predicted:
    """Sum the predicted cost of each job of a configuration.

    Args:
        benchmark: the configuration.
        measured: stages on tissues of the two sizes.
        run: the jobs of the small run.
    """
    from stbench.config.layout import Layout
    from stbench.config.tasks import DOMAINS
    from stbench.runs.cost_model import fit_cost_model
    from stbench.runs.fit_costs import LIMIT, TOO_LARGE, fit_costs
    from stbench.runs.measurements import read_shipped

    small, large = (measured[size] for size in SIZES)
    seeds, clusterers = len(benchmark.config["seeds"]), tuple(benchmark.config["clusterers"])
    model = fit_cost_model(read_shipped(REPOSITORY / "resources/cost_model.csv"))
    inside, left_out = 0.0, []
    outside = dict.fromkeys(PARTS, 0.0)
    for (dataset, method), cost in fit_costs(benchmark, model, Layout(Path("none"))).items():
        entry, n = benchmark.method(DOMAINS, method), cost.cells
        code = entry.get("variant_of", method)
        if cost.basis == LIMIT:
            left_out.append(code)
        if cost.basis in (LIMIT, TOO_LARGE):
            continue
        trained = bool(entry.get("trainable"))
        start = model.curves[code, cost.device]["seconds"].start if trained else small.start
        start = min(start, cost.seconds)
        inside += seeds * (cost.seconds - start)
        outside["start of fits"] += seeds * start

        ends = 2 if trained else 1  # the last epoch, and the untrained network
        program = small.cluster[KMEANS]
        one = between(small.cluster[clusterers], large.cluster[clusterers], n) - program
        outside["clustering"] += program + seeds * ends * max(one, 0)
        if trained and cost.epochs:
            an_epoch = between(small.clustering, large.clustering, n)
            recorded = cost.epochs / benchmark.params(method, dataset).get("record_every", 1)
            outside["clustering of epochs"] += seeds * recorded * an_epoch
        more = between(small.score, large.score, n, power=2) - small.score
        outside["scoring"] += small.score + seeds * ends * more
        if entry.get("graph") and "interactions" in run:
            outside["interactions"] += run["interactions"].each * n / SIZES[0]
    for entry in benchmark.datasets.values():
        n = entry.get("cells") or SIZES[1]
        outside["data"] += between(small.preprocess, large.preprocess, n) + run["prepare"].each
    final = sum(rule.seconds for name, rule in run.items() if name in FINAL)
    outside["tables, figures, pages"] = final * len(benchmark.datasets)
    hours = {name: seconds / 3600 for name, seconds in outside.items()}
    return Predicted(inside / 3600, hours, list(dict.fromkeys(left_out)))


def as_markdown(loaded: dict, measured: Mapping[int, Stages], run: Mapping[str, Rule]) -> str:
    """A table with a column for each configuration, and its assumptions."""
    predicted = {name: predict(benchmark, measured, run) for name, benchmark in loaded.items()}
    head = ("hours of one core", *(f"`config/{name}.yaml`" for name in predicted))
    rows: list[tuple[object, ...]] = [("inside fits", *(p.inside for p in predicted.values()))]
    rows += [
        (part, *(p.outside[part] for p in predicted.values()))
        for part in next(iter(predicted.values())).outside
    ]
    rows.append(("**overhead**", *(f"**{100 * p.share:.1f} %**" for p in predicted.values())))
    rows.append(("target, below", *(f"{100 * TARGETS[name]:.0f} %" for name in predicted)))
    unknown = {name: p.left_out for name, p in predicted.items() if p.left_out}
    return "\n\n".join(
        [
            table(head, rows),
            "Assumptions: fits with measured seconds (`resources/cost_model.csv`; on a GPU if "
            "measured there), one at a time; all datasets available; the stages above, linear "
            "in the cells (scoring: quadratic) through both sizes; interactions as in the "
            "run above, linear in the cells; the final tables times the number of datasets; no fit "
            "of a tissue that a method declines for its size. "
            + "; ".join(
                f"`config/{name}.yaml` without {', '.join(methods)}, never measured"
                for name, methods in unknown.items()
            ),
        ]
    ).strip()
