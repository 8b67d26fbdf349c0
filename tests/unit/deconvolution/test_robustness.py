"""Pairs made worse on purpose: what changes, what stays, and the curves that come of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.deconvolution import SIMULATE, simulated
from stbench.common.errors import InputError
from stbench.deconvolution.degradation import degraded_pair
from stbench.deconvolution.pairs import MIN_SPOTS, Pair, checked_pair
from stbench.deconvolution.robustness import split_derived
from stbench.deconvolution.sources import make_pair
from stbench.deconvolution.synthetic_spots import squares
from stbench.figures.deconvolution import add_curves
from stbench.figures.figure_set import Album
from stbench.results.confidence import Noise, interval

SIM = {"id": "sim", "spot_size": 3.0, "simulate": SIMULATE}
OWN = {"id": "own", "spots": {"path": "s.h5ad"}, "reference": {"path": "r.h5ad"}}


def made_worse(entry: dict, base: Pair, way: str, level: float, draw: int = 0) -> Pair:
    degrade = {"way": way, "level": level, "draw": draw}
    return degraded_pair({**entry, "id": f"{entry['id']}.{way}", "degrade": degrade}, base)


@pytest.fixture(scope="module")
def base() -> Pair:
    """Of a simulated tissue, with a note as a pair of files may have it."""
    pair = make_pair(SIM, {}, {})
    pair.spots.uns["pair"] |= {"notes": "5 cells left out", "reference": "held-out cells"}
    return pair


@pytest.mark.parametrize("entry", [SIM, OWN])
@pytest.mark.parametrize("way", ["counts", "cells", "dropout", "jitter"])
def test_the_reference_and_the_notes_stay(entry, way, base):
    worse = made_worse(entry, base, way, 0.5)
    assert worse.reference.obs.equals(base.reference.obs)
    assert (worse.reference.X != base.reference.X).nnz == 0
    facts = worse.spots.uns["pair"]
    assert facts["notes"].startswith("5 cells left out")
    assert (facts["id"], facts["reference"]) == (f"{entry['id']}.{way}", "held-out cells")
    assert facts["derived_from"] == f"sim, {way} 0.5, draw 0"
    assert worse.truth.index.equals(worse.spots.obs_names)
    assert np.allclose(worse.truth.sum(axis=1), 1)
    other = made_worse(entry, base, way, 0.5, draw=1).spots
    assert (
        other.shape != worse.spots.shape
        or (other.X != worse.spots.X).nnz
        or (other.obsm["spatial"] != worse.spots.obsm["spatial"]).any()
    )


def test_counts_dropout_and_jitter_leave_the_truth_alone(base):
    thin, lossy, moved = (
        made_worse(SIM, base, way, level)
        for way, level in (("counts", 0.25), ("dropout", 0.4), ("jitter", 2))
    )
    for worse in (thin, lossy, moved):
        pd.testing.assert_frame_equal(worse.truth, base.truth)
    assert thin.spots.X.sum() / base.spots.X.sum() == pytest.approx(0.25, abs=0.01)
    assert lossy.spots.X.nnz / base.spots.X.nnz == pytest.approx(0.6, abs=0.02)
    assert (moved.spots.X != base.spots.X).nnz == 0
    assert not np.allclose(moved.spots.obsm["spatial"], base.spots.obsm["spatial"])


def test_simulated_spots_lose_cells_and_the_truth_is_that_of_the_rest(base):
    fewer = made_worse(SIM, base, "cells", 0.25)
    at = {tuple(centre): i for i, centre in enumerate(base.spots.obsm["spatial"])}
    rows = [at[tuple(centre)] for centre in fewer.spots.obsm["spatial"]]  # the same grid
    assert 0 < len(rows) < base.spots.n_obs
    assert (fewer.spots.X.toarray() <= base.spots.X[rows].toarray()).all()
    assert fewer.spots.X.sum() / base.spots.X.sum() == pytest.approx(0.25, abs=0.05)
    whole = base.truth.iloc[rows].to_numpy()
    assert (fewer.truth.to_numpy()[whole == 0] == 0).all()
    assert (fewer.truth.to_numpy() == 1).mean() > (whole == 1).mean()  # few cells, few types


def test_given_spots_are_dropped_whole(base):
    fewer = made_worse(OWN, base, "cells", 0.5)
    assert fewer.spots.n_obs == round(base.spots.n_obs / 2)
    kept = base.spots[fewer.spots.obs_names]
    assert (fewer.spots.X != kept.X).nnz == 0
    pd.testing.assert_frame_equal(fewer.truth, base.truth.loc[fewer.truth.index])


def test_spots_that_lose_all_counts_are_left_out_and_counted(base):
    spots, reference, truth = simulated()
    counts = spots.X.tolil()
    counts[:3] = 0
    counts[:3, 0] = 1
    spots.X = counts.tocsr()
    pair = checked_pair("own", spots, reference, truth)
    pair.spots.uns["pair"]["reference"] = "other"
    worse = made_worse(OWN, pair, "counts", 0.01)
    lost = spots.n_obs - worse.spots.n_obs
    assert lost >= 2
    told = f"{lost} spots without counts in shared genes left out"
    assert worse.spots.uns["pair"]["notes"] == told


def test_too_little_left_is_refused(base):
    few = 0.5 * MIN_SPOTS / base.spots.n_obs
    with pytest.raises(InputError, match=rf"at least {MIN_SPOTS} are needed"):
        made_worse(OWN, base, "cells", few)


def test_squares_stay_where_the_grid_was():
    coords = np.array([[0.0, 0.0], [1.7, 0.4], [2.6, 2.6]])
    _, whole = squares(coords, 1.0)
    _, left = squares(coords[1:], 1.0, coords.min(axis=0))
    assert np.array_equal(left, whole[1:])


DERIVED = {
    f"a.{way}{level:g}.draw{draw}": {"of": "a", "way": way, "level": level, "draw": draw}
    for way, level in (("counts", 0.5), ("counts", 0.1), ("jitter", 2.0))
    for draw in (0, 1)
}


def rows_of(dataset: str, method: str, correlation: float, error: float) -> list[dict]:
    known = {"sd_seeds": 0.0, "n_seeds": 1, "n_spots": 30, "status": "ok", "reason": ""}
    known |= {"se_spots": 0.05, "blocks": 12}
    if np.isnan(correlation):
        known |= {"status": "not_applicable", "reason": "too little is left"}
    heights = {"pearson_type": correlation, "rmse_type": error, "ssim": 0.1}
    return [
        {"dataset": dataset, "method": method, "metric": metric, "type": kind, "mean": height}
        | {"low": height - 0.1, "high": height + 0.1, **known}
        for metric, height in heights.items()
        for kind in ("(all)", "one")
    ]


def test_curves_begin_with_the_pair_itself_and_areas_are_mean_heights(tmp_path):
    heights = {
        "a": (0.8, 0.1),
        "a.counts0.5.draw0": (0.5, 0.2),
        "a.counts0.5.draw1": (0.7, 0.2),
        "a.counts0.1.draw0": (0.2, 0.5),
    }
    scores = pd.DataFrame(
        [
            row
            for method, factor in (("nnls", 1.0), ("mean_reference", 0.0))
            for name, (up, down) in heights.items()
            for row in rows_of(name, method, factor * up, down)
        ]
        + rows_of("a.counts0.1.draw1", "nnls", np.nan, np.nan)
        + rows_of("a.jitter2.draw0", "nnls", np.nan, np.nan)
        + rows_of("a.jitter2.draw1", "nnls", np.nan, np.nan)
        + rows_of("b", "nnls", 0.5, 0.3)
    )
    whole, made = split_derived(scores, DERIVED)
    assert set(whole["dataset"]) == {"a", "b"}
    curves = made["deconvolution_robustness_curves"]
    assert set(curves["dataset"]) == {"a"} and "ssim" not in set(curves["metric"])
    nnls = curves[(curves["method"] == "nnls") & (curves["metric"] == "pearson_type")]
    at = nnls.set_index(["way", "level"])
    assert at.loc[("counts", 1.0), "mean"] == at.loc[("jitter", 0.0), "mean"] == 0.8
    assert at.loc[("counts", 1.0), ["low", "high"]].tolist() == pytest.approx([0.7, 0.9])
    both = at.loc[("counts", 0.5)]
    assert both[["mean", "sd_seeds", "n_seeds"]].tolist() == pytest.approx([0.6, 0.02**0.5, 2])
    # The noise of two draws, .1, and that of the spots they share, .05.
    noises = [Noise.of_mean(0.02**0.5, 2), Noise(0.05**2, 11)]
    low, high = interval(0.6, noises)
    assert both[["low", "high"]].tolist() == pytest.approx([low, min(high, 1)])
    one_left = at.loc[("counts", 0.1)]
    assert (one_left["mean"], one_left["status"]) == (0.2, "not_applicable 1/2")
    assert one_left["reason"] == "seed 1: too little is left"
    assert at.loc[("jitter", 2.0), "reason"] == "too little is left"
    area = made["deconvolution_robustness_area"].set_index(["method", "metric", "way"])
    up, down = (area.loc[("nnls", m, "counts")] for m in ("pearson_type", "rmse_type"))
    assert (up["better"], down["better"]) == ("higher", "lower")
    assert up["area"] == pytest.approx((0.8 / 2 + 0.6 + 0.2 / 2) / 2)
    assert down["kept"] == pytest.approx((0.1 / 2 + 0.2 + 0.5 / 2) / 2 / 0.1)  # the error grows
    assert np.isnan(area.loc[("mean_reference", "pearson_type", "counts"), "kept"])
    assert area.loc[("nnls", "rmse_type", "jitter"), "status"] == "not_applicable"
    album = Album(tmp_path)
    add_curves(album, curves, {"nnls": "NNLS", "mean_reference": "Mean reference"})
    assert set(album.captions) == {"deconvolution_robustness"}
    assert (tmp_path / "deconvolution_robustness.png").stat().st_size > 0


def test_without_derived_pairs_there_is_nothing_more():
    scores = pd.DataFrame(rows_of("a", "nnls", 0.8, 0.1))
    whole, made = split_derived(scores, {})
    assert whole.equals(scores) and made == {}
