"""Tables, sentences and figures of the scores of interactions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from stbench.common.errors import InputError
from stbench.interactions.regimes import regime_table
from stbench.interactions.tables import interaction_tables, read_interaction_scores
from stbench.summary.interactions import interaction_sentences


def made(n_tissues: int, lifts: dict[str, float]) -> pd.DataFrame:
    """Scores of made-up tissues, where stague has .3 and each null that minus its lift."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n_tissues):

        def add(scorer, method, seed, metric, value, name=f"t{i}"):
            rows.append((name, scorer, method, seed, metric, value, "ok", ""))

        add("truth", "", -1, "effect", [0.5, 2.0][i % 2])
        for seed in (0, 1):
            add("stague", "stague", seed, "AUPRC", 0.3 + rng.normal(0, 0.01))
        for null, lift in lifts.items():
            add(null, "", -1, "AUPRC", 0.3 - lift + rng.normal(0, 0.01))
    names = ["dataset", "scorer", "method", "seed", "metric", "value", "status", "reason"]
    return pd.DataFrame(rows, columns=names)


def of_regimes() -> pd.DataFrame:
    """Made scores within strata: stague is above distance where cells become alike."""
    rng = np.random.default_rng(0)
    metric, rows = "AUROC_within_distance_and_types", []
    for i, regime in enumerate(["alike", "opposite"] * 6):
        name = f"t{i}"
        for fact in (f"regime_{regime}", "range_contact"):
            rows.append((name, "truth", "", -1, fact, 1.0))
        height = {"alike": 0.7, "opposite": 0.3}[regime]
        for seed in (0, 1):
            rows.append((name, "stague", "stague", seed, metric, height + rng.normal(0, 0.01)))
        rows.append((name, "distance", "", -1, metric, 0.5 + rng.normal(0, 0.01)))
    names = ["dataset", "scorer", "method", "seed", "metric", "value"]
    return pd.DataFrame(rows, columns=names).assign(status="ok", reason="")


def test_where_distance_has_no_such_metric_there_is_no_lift():
    scores = of_regimes()
    scores.loc[scores["scorer"] == "distance", "metric"] = "AUROC"
    table = regime_table(scores).set_index(["regime", "range", "scorer"])
    alike = table.loc[("alike", "contact", "stague")]
    assert alike["mean"] == pytest.approx(0.7, abs=0.02) and np.isnan(alike["lift"])


def test_each_method_is_compared_with_its_own_untrained_network():
    scores = of_regimes()
    learned = scores[scores["scorer"] == "stague"]
    other = learned.assign(scorer="deeplinc", method="deeplinc", value=learned["value"] - 0.1)
    before = [
        table.assign(scorer="untrained", value=table["value"] - lift)
        for table, lift in ((learned, 0.02), (other, 0.03))
    ]
    table = regime_table(pd.concat([scores, other, *before]), baseline="untrained")
    lift = table[table["regime"] == "all"].set_index("scorer")["lift"]
    assert lift["stague"] == pytest.approx(0.02) and lift["deeplinc"] == pytest.approx(0.03)
    assert np.isnan(lift["distance"])  # of which of the two?


def test_every_regime_has_its_means_and_lifts_over_distance():
    table = regime_table(of_regimes()).set_index(["regime", "range", "scorer"])
    assert set(table.index.get_level_values("regime")) == {"all", "alike", "opposite"}
    alike, opposite = (table.loc[(name, "contact", "stague")] for name in ("alike", "opposite"))
    assert alike["mean"] == pytest.approx(0.7, abs=0.02) and alike["tissues"] == 6
    assert alike["lift_low"] < 0.2 < alike["lift_high"] and alike["verdict"] == "better"
    assert opposite["lift"] == pytest.approx(-0.2, abs=0.02) and opposite["verdict"] == "worse"
    everywhere = table.loc[("all", "all", "stague")]
    assert everywhere["tissues"] == 12 and everywhere["verdict"] == "within the noise"
    assert np.isnan(table.loc[("alike", "contact", "distance"), "p_holm"])


def test_average_precision_within_strata_has_no_lift():
    """Of two scores that say nothing, the one with ties has less."""
    scores = of_regimes()
    scores["metric"] = scores["metric"].str.replace("AUROC_within", "AUPRC_within")
    table = regime_table(scores).set_index(["regime", "range", "scorer"])
    alike = table.loc[("alike", "contact", "stague")]
    assert alike["mean"] == pytest.approx(0.7, abs=0.02) and alike["verdict"] == "no interval"
    assert np.isnan(alike[["lift", "p_holm"]].astype(float)).all() and alike["lift_units"] == 0


def test_tissues_of_one_study_count_once():
    scores = of_regimes()
    alone = regime_table(scores).set_index(["regime", "range", "scorer"])
    planted = {f"t{i}": "one study" for i in range(0, 12, 4)}  # three that become alike
    table = regime_table(scores, units=planted).set_index(["regime", "range", "scorer"])
    here, before = (t.loc[("alike", "contact", "stague")] for t in (table, alone))
    assert (here["tissues"], here["units"], before["units"]) == (6, 4, 6)
    assert here["high"] - here["low"] > before["high"] - before["low"]
    units = {f"t{i}": "one study" for i in range(12)}
    tables = interaction_tables(made(12, {"distance": 0.1}), units)
    lift = tables["interactions_lift"].query("metric == 'AUPRC' and effect == 'all'")
    near = lift.set_index("null").loc["distance"]
    assert near["tissues"] == 12 and np.isnan(near["low"])
    assert near["mean"] == pytest.approx(0.1, abs=0.02)


def test_lifts_within_strata_and_permuted_truth_have_their_tables():
    scores = of_regimes()
    lift = interaction_tables(scores)["interactions_lift"]
    near = lift[(lift["metric"] == "AUROC_within_distance_and_types") & (lift["effect"] == "all")]
    assert near.set_index("null").loc["distance", "mean"] == pytest.approx(0, abs=0.02)
    name = "AUROC_within_distance_permuted_truth"
    chance = scores[scores["metric"].str.startswith("AUROC")].assign(metric=name)
    chance["value"] = np.where(chance["dataset"] == "t3", 0.52, 0.5)
    table = interaction_tables(pd.concat([scores, chance]))["interactions_permuted"]
    row = table.set_index("scorer").loc["stague"]
    assert (row["lowest"], row["highest"], row["tissues"]) == (0.5, 0.52, 12)


def test_lift_is_taken_over_each_null_and_the_best_of_each_tissue():
    tables = interaction_tables(made(12, {"distance": 0.1, "cosine": 0.2, "type_pair": -0.05}))
    lift = tables["interactions_lift"].query("metric == 'AUPRC'").set_index(["effect", "null"])
    assert lift.loc[("all", "distance"), "mean"] == pytest.approx(0.1, abs=0.02)
    assert lift.loc[("all", "distance"), "verdict"] == "better"
    assert lift.loc[("all", "best"), "mean"] == pytest.approx(-0.05, abs=0.02)
    assert lift.loc[("all", "best"), "verdict"] == "worse"
    assert lift.loc[("all", "best"), "chosen"] == "type_pair 12"
    assert lift.loc[("2", "cosine"), "tissues"] == 6
    assert lift.loc[("all", "untrained"), "status"] == "not_applicable"
    low, high = lift.loc[("all", "distance"), ["low", "high"]]
    assert low < 0.1 < high and high - low < 0.05
    auprc = tables["interactions_auprc"].set_index(["scorer", "effect"])
    assert auprc.loc[("stague", "all"), "mean"] == pytest.approx(0.3, abs=0.01)
    truth = tables["interactions_truth"]
    assert truth[truth["scorer"] == "stague"]["n"].eq(2).all()


@pytest.mark.parametrize(
    ("n", "lift", "words"),
    [
        (
            12,
            -0.1,
            "On 12 tissues with planted interactions, STAGUE is worse than distance alone:",
        ),
        (12, 0.0, "STAGUE cannot be distinguished from distance alone"),
        (12, 0.1, "STAGUE is better than distance alone: AUPRC .30 compared with .20, lift +.10"),
        (1, 0.1, "one tissue cannot show whether STAGUE differs from distance alone"),
    ],
)
def test_the_summary_says_whether_distance_is_beaten(n, lift, words):
    tables = interaction_tables(made(n, {"distance": lift}))
    reported = list(
        interaction_sentences(
            tables["interactions_auprc"], tables["interactions_lift"], {"stague": "STAGUE"}
        )
    )
    assert len(reported) == 1
    assert words in reported[0]
    assert "the best null model of each tissue (distance)" in reported[0]
    assert ("For the strongest effect (2," in reported[0]) == (n > 1)


def test_other_files_are_refused(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="'dataset' is missing; make it again"):
        read_interaction_scores([tmp_path / "a.parquet"])
    (tmp_path / "b.parquet").write_text("no table")
    with pytest.raises(InputError, match="not a readable parquet"):
        read_interaction_scores([tmp_path / "b.parquet"])


def test_a_given_truth_without_an_effect_has_no_figure_of_effects():
    from stbench.figures.interactions import has_effects, lift_by_effect

    tables = interaction_tables(made(6, {"distance": 0.1}))
    lift = tables["interactions_lift"]
    assert has_effects(lift) and not has_effects(lift[lift["effect"] == "all"])
    swapped = lift[::-1]
    figure = lift_by_effect(swapped, {})
    shown = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert shown == sorted(set(lift["effect"]) - {"all"}, key=float)


def test_pictures_are_drawn_and_repeat(tmp_path):
    from stbench.figures.interaction_regimes import regime_heatmap
    from stbench.figures.interactions import auprc_bars, lift_by_effect
    from stbench.figures.style import apply_style, save

    apply_style()
    tables = interaction_tables(made(6, {"distance": 0.1, "type_pair": -0.05}))
    titles = {"stague": "STAGUE"}
    for folder in (tmp_path / "a", tmp_path / "b"):
        save(auprc_bars(tables["interactions_auprc"], titles), folder, "bars")
        save(lift_by_effect(tables["interactions_lift"], titles), folder, "lift")
        save(regime_heatmap(regime_table(of_regimes()), titles), folder, "regimes")
    names = {path.name for path in (tmp_path / "a").iterdir()}
    figures = ("bars", "lift", "regimes")
    expected = {f"{name}.{kind}" for name in figures for kind in ("png", "pdf")}
    assert names == expected | {"bars.svg", "lift.svg"}
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
