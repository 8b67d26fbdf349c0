"""Small tables of scores, fits and methods, as written by the stages before aggregation."""

import json

import pandas as pd

from stbench.common.constants import ALL_SEEDS

_CONTROL = {"implementation": "control", "control": True, "deterministic": True}
METHODS = {
    "stague": {"title": "STAGUE", "implementation": "reimplemented", "trainable": True},
    "sedr": {"title": "SEDR", "implementation": "package SEDR==1.0", "trainable": True},
    "smoothed_pca": {"title": "Smoothed PCA", **_CONTROL, "ranked": True},
    "pca": {"title": "PCA", **_CONTROL},
}
NAN = float("nan")


def row(dataset, method, seed, **more):
    return {
        "dataset": dataset,
        "method": method,
        "seed": seed,
        "n_domains": 4,
        "exploratory": False,
        "clusterer": "kmeans",
        "protocol": "final",
        "metric": "ARI",
        "value": NAN,
        "sd_clustering": NAN,
        "blocks": None,
        "epoch": -1,
        "status": "ok",
        "reason": "",
        **more,
    }


def scores_of(
    dataset, method, final, *, untrained=None, oracle=None, consensus=None, spread=0.0, **more
):
    """Scores of one method: per seed a value, or the status of a fit that failed."""
    rows = []
    if consensus is not None:
        together = {
            "protocol": "consensus",
            "value": consensus,
            "reason": "consensus of 10",
            **more,
        }
        rows.append(row(dataset, method, ALL_SEEDS, **together))
    for seed, value in enumerate(final):
        failed = {"status": value, "reason": f"it said {value}"} if isinstance(value, str) else {}
        given = {"final": final, "untrained": untrained, "oracle": oracle}
        for protocol, values in given.items():
            for metric in ("ARI", "CHAOS", "PAS", "ASW"):
                values_of_row = {"protocol": protocol, "metric": metric, **failed, **more}
                if not failed and values is None:
                    values_of_row |= {"status": "not_applicable", "reason": "no training"}
                elif not failed:
                    values_of_row |= {
                        "value": float(values[seed]),
                        "sd_clustering": spread,
                        "epoch": 1,
                    }
                rows.append(row(dataset, method, seed, **values_of_row))
    return pd.DataFrame(rows)


def fits_of(scores):
    """One fit per dataset, method and seed; failed where all its scores carry a failure."""
    fits = []
    scores = scores[scores["seed"] != ALL_SEEDS]
    for (dataset, method, seed), group in scores.groupby(["dataset", "method", "seed"], sort=False):
        ok = (group["status"] == "ok").any() or (group["reason"] == "no training").all()
        first = group.iloc[0]
        fits.append(
            {
                "status": "ok" if ok else first["status"],
                "reason": "" if ok else first["reason"],
                "dataset": dataset,
                "method": method,
                "seed": int(seed),
                "seconds": 10.0 + seed if ok else None,
                "peak_rss_mb": 300.0 if ok else None,
                "peak_gpu_mb": None,
                "device": "cpu" if ok else None,
                "attempt": 1,
                "commit": "abc",
                "environment": "0123456789ab",
                "host": "node7",
                "device_name": "a processor" if ok else None,
                "driver": None,
                "data_hash": "d" * 64,
                "parameters": "{}",
            }
        )
    return pd.DataFrame(fits)


def write_results(results, scores):
    """Scores and fits as files of a folder or a layout, as in the workflow, and methods.yaml."""
    import yaml

    from helpers.finished_fits import as_layout

    layout = as_layout(results)
    for (dataset, method), group in scores.groupby(["dataset", "method"]):
        path = layout.scores(dataset, method)
        path.parent.mkdir(parents=True, exist_ok=True)
        group.to_parquet(path, index=False)
    for fit in fits_of(scores).astype(object).where(lambda t: t.notna(), None).to_dict("records"):
        folder = layout.fit(fit["dataset"], fit["method"], fit["seed"])
        folder.mkdir(parents=True)
        (folder / "status.json").write_text(json.dumps(fit))
    (layout.root / "methods.yaml").write_text(yaml.safe_dump(METHODS))


def made_results(*scores, methods=None, tissues=None, shortened=None):
    from stbench.results.assembly import assemble

    table = pd.concat(scores, ignore_index=True)
    known = {**METHODS, **(methods or {})}
    return assemble(table, fits_of(table), known, shortened, tissues=tissues)
