"""Agreement of training seeds and of sections: high where a pattern repeats, none by chance."""

import numpy as np
import pandas as pd
import pytest

from stbench.interactions.replication import between_seeds, replication_table

TYPES = [f"t{i}" for i in range(8)]
A, B = np.triu_indices(len(TYPES))


def edges(seed: int, own: float, n: int = 600) -> pd.DataFrame:
    """Scores that follow the distance, and what is common to all seeds unless ``own`` is large."""
    common, rng = np.random.default_rng(0), np.random.default_rng(seed)
    distance = common.random(n)
    shared = common.normal(size=n)
    score = -3 * distance + (1 - own) * shared + own * rng.normal(size=n)
    table = pd.DataFrame({"source": np.arange(n), "target": np.arange(n) + n, "score": score})
    return table.assign(distance=distance, above=score > np.quantile(score, 0.8), seed=seed)


def coords(n: int = 600) -> np.ndarray:
    """Positions of the cells of ``edges``: no other pairs are near."""
    ends = np.arange(n) * 10.0
    x = np.concatenate([ends, ends + np.random.default_rng(0).random(n)])
    return np.column_stack([x, np.zeros(2 * n)])


def test_seeds_that_follow_the_distance_alone_do_not_agree_beyond_it():
    alone = between_seeds(pd.concat([edges(1, 1.0), edges(2, 1.0)]), coords()).iloc[0]
    assert alone["correlation"] > 0.3 and abs(alone["beyond_distance"]) < 0.1
    alike = between_seeds(pd.concat([edges(1, 0.2), edges(2, 0.2)]), coords()).iloc[0]
    assert alike["beyond_distance"] > 0.8 and alike["jaccard"] > alone["jaccard"] + 0.2
    assert alike["edges"] == 600
    assert alone["jaccard"] == pytest.approx(alone["jaccard_by_chance"], abs=0.08)
    assert alike["jaccard"] > alike["jaccard_by_chance"] + 0.2


@pytest.mark.parametrize("n", [20, 57, 94])
def test_nothing_is_beyond_the_distance_where_it_decides_every_score(n):
    near = [
        edges(seed, 0.5, n).assign(score=lambda t, seed=seed: np.exp(-seed * t["distance"]))
        for seed in (1, 2)
    ]
    assert np.isnan(between_seeds(pd.concat(near), coords(n)).iloc[0]["beyond_distance"])


def test_what_seeds_share_without_structure_is_beside_what_they_share():
    real = pd.concat([edges(1, 0.2), edges(2, 0.2)])
    noise = pd.concat([edges(1, 0.6), edges(2, 0.6)]).assign(order=lambda t: t["score"])
    row = between_seeds(real, coords(), noise.drop(columns="above")).iloc[0]
    alone = between_seeds(noise, coords()).iloc[0]  # as many edges above the threshold
    assert row["beyond_distance_shuffled"] == alone["beyond_distance"] < row["beyond_distance"]
    assert row["jaccard_shuffled"] == alone["jaccard"] < row["jaccard"]
    without = between_seeds(real, coords()).iloc[0]
    assert without[["beyond_distance_shuffled", "jaccard_shuffled"]].isna().all()


def test_jaccard_by_hand_and_pairs_of_three_seeds():
    rows = pd.concat([edges(seed, 0.5, 4).assign(above=[True, True, seed == 2, False])
                      for seed in (1, 2, 3)])  # fmt: skip
    table = between_seeds(rows, coords(4))
    assert list(zip(table["first"], table["second"], strict=True)) == [(1, 2), (1, 3), (2, 3)]
    assert table["jaccard"].tolist() == pytest.approx([2 / 3, 1, 2 / 3])
    assert between_seeds(edges(1, 0.5), coords()).empty
    none = between_seeds(rows.assign(above=False), coords(4))
    assert none[["jaccard", "jaccard_by_chance"]].isna().all(axis=None)


def section(folder, dataset: str, z: np.ndarray, swap: bool = False):
    """A folder of results; with ``swap`` the columns of types are exchanged."""
    path = folder / dataset / "stague" / "key"
    path.mkdir(parents=True)
    names = np.array(TYPES)
    ends = (names[B], names[A]) if swap else (names[A], names[B])
    table = pd.DataFrame({"type_a": ends[0], "type_b": ends[1], "z_shuffled": z})
    table["z_distance"] = np.random.default_rng(len(dataset)).normal(size=len(z))
    table.to_csv(path / "type_pairs.csv", index=False)
    return path


def test_sections_of_one_study_are_compared_pair_of_types_by_pair_of_types(tmp_path):
    z = np.random.default_rng(5).normal(size=len(A))
    folders = [
        section(tmp_path, "one", z),
        section(tmp_path, "other", z + 0.1, swap=True),
        section(tmp_path, "third", np.random.default_rng(6).normal(size=len(A))),
        section(tmp_path, "elsewhere", z),
    ]
    units = {"one": "study", "other": "study", "third": "study", "elsewhere": "far"}
    table = replication_table(folders, units)
    assert not table[["first", "second"]].isin(["elsewhere"]).any(axis=None)
    found = table.set_index(["first", "second", "measure"])
    same = found.loc[("one", "other", "z_shuffled")]
    assert same["value"] == pytest.approx(1) and same["p"] < 0.01 and same["n"] == len(A)
    assert found.loc[("one", "third", "z_shuffled"), "p"] > 0.05
    assert found.loc[("one", "other", "z_distance"), "p"] > 0.05


def test_agreement_of_seeds_is_collected_and_missing_results_are_skipped(tmp_path):
    path = section(tmp_path, "one", np.zeros(len(A)))
    seeds = pd.concat([edges(1, 0.2), edges(2, 0.2), edges(3, 0.2)])
    between_seeds(seeds, coords()).to_csv(path / "seeds.csv", index=False)
    table = replication_table([path, tmp_path / "gone" / "stague" / "key"], {})
    assert table["measure"].tolist() == [
        "correlation",
        "beyond_distance",
        "jaccard",
        "jaccard_by_chance",
    ]
    assert (table["between"] == "training seeds").all() and (table["n"] == 600).all()
    # z that does not vary cannot be compared
    other = section(tmp_path, "two", np.zeros(len(A)))
    both = replication_table([path, other], {"one": "s", "two": "s"})
    assert set(both[both["between"] == "sections"]["measure"]) == {"z_distance"}


def test_names_of_types_that_look_like_numbers_are_names(tmp_path):
    z = np.random.default_rng(5).normal(size=len(A))
    folders = [section(tmp_path, dataset, z) for dataset in ("one", "other")]
    numbers = dict(zip(TYPES, ["1.1", "1.10", "1.2", "007", "7", "2", "3", "4"], strict=True))
    for folder in folders:
        table = pd.read_csv(folder / "type_pairs.csv").replace(numbers)
        table.to_csv(folder / "type_pairs.csv", index=False)
    found = replication_table(folders, dict.fromkeys(("one", "other"), "study"))
    assert (found["n"] == len(A)).all() and set(found["measure"]) == {"z_shuffled", "z_distance"}


def test_the_figure_has_a_panel_for_each_measure(tmp_path):
    import matplotlib.pyplot as plt

    from stbench.figures.replication import replication_dots

    z = np.random.default_rng(5).normal(size=len(A))
    folders = [section(tmp_path, name, z) for name in ("one", "other")]
    seeds = pd.concat([edges(1, 0.2), edges(2, 0.2)])
    between_seeds(seeds, coords()).to_csv(folders[0] / "seeds.csv")
    table = replication_table(folders, dict.fromkeys(("one", "other"), "study"))
    figure = replication_dots(table, {"deeplinc": "DeepLinc", "stague": "STAGUE"})
    assert len(figure.axes) == table["measure"].nunique() - 1 == 5  # chance is in another panel
    ticks = [line for ax in figure.axes for line in ax.lines if line.get_marker() == "|"]
    by_chance = table.loc[table["measure"] == "jaccard_by_chance", "value"]
    assert [line.get_xdata()[0] for line in ticks] == pytest.approx(by_chance.tolist())
    plt.close(figure)
    of_others = [
        ("other", "jaccard_by_chance"),
        ("third", "jaccard"),
        ("third", "jaccard_shuffled"),
    ]
    for name, measure in of_others:  # only what has its measure is drawn, by the first null it has
        place = {"first": name, "second": name, "measure": measure, "value": 0.5}
        table.loc[len(table)] = {**table.iloc[0], **place}
    figure = replication_dots(table, {"deeplinc": "DeepLinc", "stague": "STAGUE"})
    ticks = [line for ax in figure.axes for line in ax.lines if line.get_marker() == "|"]
    drawn = sorted(line.get_xdata()[0] for line in ticks)
    assert drawn == pytest.approx(sorted([*by_chance, 0.5]))
    rows = [[text.get_text() for text in ax.get_yticklabels()] for ax in figure.axes]
    rows[2] = [name for name in rows[2] if name != "third"]
    assert rows == [["one"]] * 3 + [["one, other"]] * 2
    plt.close(figure)


def supports(folder, dataset, z):
    path = folder / dataset / "stague" / "key"
    path.mkdir(parents=True)
    table = pd.DataFrame({"ligand": [f"l{i // 3}" for i in range(30)]})
    table = table.assign(receptor=[f"r{i % 7}" for i in range(30)], z=z)
    table.to_csv(path / "ligand_receptor.csv", index=False)
    return path


def test_support_of_ligands_and_receptors_is_compared_between_sections(tmp_path):
    rng = np.random.default_rng(2)
    z = rng.normal(size=30)
    folders = [
        supports(tmp_path, "one", z),
        supports(tmp_path, "two", z + 0.1 * rng.normal(size=30)),
        supports(tmp_path, "three", rng.normal(size=30)),
    ]
    table = replication_table(folders, dict.fromkeys(("one", "two", "three"), "study"))
    assert set(table["measure"]) == {"ligand_receptor"} and (table["n"] == 30).all()
    found = table.set_index(["first", "second"])
    assert found.loc[("one", "two"), "value"] > 0.9 > 0.5 > found.loc[("one", "three"), "value"]
    assert found["p"].isna().all()  # pairs share genes


def test_halves_of_a_learned_and_of_a_random_graph_are_two_measures(tmp_path):
    path = section(tmp_path, "one", np.zeros(len(A)))
    halves = {"graph": ["learned", "redrawn"], "correlation": [0.5, 0.4], "expected": [0.2, 0.3]}
    pd.DataFrame({**halves, "p": [0.01, 0.4], "edges": 9, "pairs": 5}).to_csv(path / "halves.csv")
    found = replication_table([path], {}).set_index("measure")
    assert found.loc["beyond_rewired", "value"] == pytest.approx(0.3)
    assert found.loc["beyond_rewired_redrawn", "value"] == pytest.approx(0.1)
