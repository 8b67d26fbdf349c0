"""Sections joined into one dataset: genes, cells, labels, and that no near-cell graph joins two."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import own_sections
from helpers.own_sections import entry_of
from helpers.programs import run_apart, run_here
from stbench.common.errors import InputError
from stbench.common.io import read_h5ad, write_h5ad
from stbench.common.paths import PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.own_files import with_file
from stbench.config.registry import dataset_entry
from stbench.config.schema import load_yaml
from stbench.data.own_files import own_dataset
from stbench.data.preprocessing import preprocess
from stbench.data.sections import common_genes, drawn_close, join_sections, side_by_side
from stbench.data.simulation import Tissue, simulate
from stbench.data.validation import failed_dataset
from stbench.graphs.neighbors import candidate_pairs, knn

CONFIG = PROJECT / "config"


def section(number: int, name: str, **more) -> ad.AnnData:
    told = {"n_cells": 60, "n_genes": 80, "n_domains": 3, "section_effect": 0.3, **more}
    return simulate(Tissue(section=number, seed=4, **told), name)


def pair() -> list[ad.AnnData]:
    return [section(1, "one"), section(2, "two", n_cells=40)]


def test_contract() -> None:
    parts = pair()
    parts[0].X = sp.csr_matrix(parts[0].X.toarray() * (np.arange(60) != 3)[:, None])
    whole = join_sections(parts, "whole")
    assert whole.shape == (99, 80)
    assert (whole.X.format, whole.X.dtype) == ("csr", np.float32)
    assert list(whole.obs) == ["section", "cluster", "celltype"]
    assert (whole.obs.dtypes == "category").all()
    assert list(whole.obs["section"].cat.categories) == ["one", "two"]
    assert dict(whole.obs["section"].value_counts()) == {"one": 59, "two": 40}
    assert whole.obs_names.is_unique and whole.obs_names[0] == "one_cell1"
    for part in parts:
        name = part.uns["dataset"]["id"]
        mine = whole[whole.obs["section"] == name]
        theirs = part[[cell.removeprefix(f"{name}_") for cell in mine.obs_names]]
        assert (mine.X != theirs.X).nnz == 0
        assert (mine.obs["cluster"].astype(str).values == theirs.obs["cluster"].values).all()
        shift = mine.obsm["spatial"] - theirs.obsm["spatial"]
        np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-9)
    facts = whole.uns["dataset"]
    assert set(facts) == {*parts[0].uns["dataset"], "citation", "note", "donor", "study"}
    assert (facts["id"], facts["source"]) == ("whole", "joined: one, two")
    assert (facts["n_domains"], facts["dropped_cells"], facts["status"]) == (3, 1, "ok")
    assert facts["sha256"].split(",") == [part.uns["dataset"]["sha256"] for part in parts]


@given(
    st.lists(st.integers(8, 30), min_size=2, max_size=4),
    st.integers(1, 7),
    st.floats(1e-3, 1e5),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_no_graph_of_near_cells_links_two_sections(sizes, k, scale, seed) -> None:
    """Sections of different sizes, places and shapes, one of them a line."""
    rng = np.random.default_rng(seed)
    places = [rng.normal(rng.normal(0, 9, 2), rng.uniform(0.1, 5, 2), (n, 2)) for n in sizes]
    places[0][:, 1] = 0
    places = [scale * place for place in places]
    section_of = np.repeat(np.arange(len(sizes)), sizes)
    joined = side_by_side(places)
    _, near = knn(joined, k)
    assert (section_of[near] == section_of[:, None]).all()
    pairs = candidate_pairs(joined, k).pairs
    assert (section_of[pairs[:, 0]] == section_of[pairs[:, 1]]).all()
    for number, place in enumerate(places):
        moved = joined[section_of == number]
        distances = np.linalg.norm(place[:, None] - place, axis=2)
        again = np.linalg.norm(moved[:, None] - moved, axis=2)
        np.testing.assert_allclose(again, distances, atol=1e-9 * scale * 100)


def test_pictures_show_sections_close_to_each_other() -> None:
    whole = join_sections(pair(), "whole")
    shuffled = whole[np.random.default_rng(0).permutation(whole.n_obs)]
    codes, lie = shuffled.obs["section"].cat.codes.to_numpy(), shuffled.obsm["spatial"]
    drawn = drawn_close(lie, shuffled.obs["section"].array)
    one, two = (drawn[codes == code] for code in (0, 1))
    width = np.ptp(one[:, 0])
    assert two[:, 0].min() - one[:, 0].max() == pytest.approx(0.1 * width)
    np.testing.assert_allclose(np.diff(two, axis=0), np.diff(lie[codes == 1], axis=0))


def test_genes_are_those_of_all_in_the_first_ones_order() -> None:
    one, two = pair()
    two = two[:, [*range(79, 9, -1)]].copy()
    assert list(common_genes([one, two], "x")) == [f"gene{i}" for i in range(11, 81)]
    whole = join_sections([one, two], "whole")
    assert list(whole.var_names) == [f"gene{i}" for i in range(11, 81)]
    mine = whole[whole.obs["section"] == "two"]
    assert (mine.X != two[:, whole.var_names].X).nnz == 0


def test_labels_are_united_and_what_is_not_known_is_missing() -> None:
    one, two = pair()
    one.obs["cluster"] = one.obs["cluster"].cat.rename_categories({"domain1": "L1"})
    del two.obs["celltype"]
    two.uns["dataset"]["n_domains"] = 3
    whole = join_sections([one, two], "whole")
    assert set(whole.obs["cluster"].cat.categories) == {"L1", "domain1", "domain2", "domain3"}
    assert whole.uns["dataset"]["n_domains"] == 4
    assert whole.obs["celltype"].isna().sum() == 40
    del two.obs["cluster"]
    whole = join_sections([one, two], "whole")
    assert whole.obs["cluster"].isna().sum() == 40 and whole.uns["dataset"]["has_truth"]


def test_settings_hold_where_all_sections_have_them() -> None:
    one, two = pair()
    one.uns["dataset"].update(refine=50, hvg=True, norm_target=1e4)
    two.uns["dataset"].update(refine=50, norm_target=1e3, citation="Two et al.")
    facts = join_sections([one, two], "whole").uns["dataset"]
    assert (facts["refine"], facts["hvg"], facts["norm_target"]) == (50, False, 0.0)
    assert facts["citation"] == "Two et al."


def test_a_given_number_of_domains_counts_also_without_labels() -> None:
    parts = pair()
    for part in parts:
        part.obs = part.obs.drop(columns="cluster")
    assert join_sections(parts, "both", 5).uns["dataset"]["n_domains"] == 5
    with pytest.raises(InputError, match=r"^both: two sections have the id \w+; rename one"):
        join_sections([parts[0], parts[0]], "both")


def test_sections_without_labels_keep_their_list_of_numbers() -> None:
    parts = pair()
    for part in parts:
        del part.obs["cluster"]
        part.uns["dataset"].update(n_domains=np.array([3, 5]), has_truth=False)
    facts = join_sections(parts, "whole").uns["dataset"]
    np.testing.assert_array_equal(facts["n_domains"], [3, 5])
    assert not facts["has_truth"]
    parts[1].uns["dataset"]["n_domains"] = 4
    with pytest.raises(InputError, match="a list must be the same in every section"):
        join_sections(parts, "whole")


def test_what_cannot_be_joined_is_said() -> None:
    one, two = pair()
    few = two[:, :49].copy()
    few.var_names = [f"gene{i}" for i in range(1, 20)] + [f"other{i}" for i in range(30)]
    with pytest.raises(InputError, match="whole: the sections have 19 genes in common"):
        join_sections([one, few], "whole")
    panel = [part[:, :30].copy() for part in (one, two)]
    assert join_sections(panel, "whole").n_vars == 30  # a small panel, all of it common
    sparse = two.copy()
    sparse.X = sp.csr_matrix(sparse.shape, dtype=np.float32)
    with pytest.raises(InputError, match="whole: two: only 0 cells have a count in the 80"):
        join_sections([one, sparse], "whole")
    two.uns["dataset"]["kind"] = "intensities"
    with pytest.raises(InputError, match="sections of several kinds"):
        join_sections([one, two], "whole")
    for part in (one, two):
        part.uns["dataset"]["kind"] = "features"
    with pytest.raises(InputError, match="are not comparable"):
        join_sections([one, two], "whole")


def test_methods_get_the_section_and_nothing_else_of_the_cells() -> None:
    clean = preprocess(join_sections(pair(), "whole"))
    assert list(clean.obs) == ["section"]
    links = clean.obsp["spatial_distances"].tocoo()
    codes = clean.obs["section"].cat.codes.to_numpy()
    assert (codes[links.row] == codes[links.col]).all()
    assert preprocess(section(1, "one")).obs.shape[1] == 0


def program(folder: Path, *options: str, run=run_here):
    command = [PROJECT / "scripts/join.py", "--id", "whole", "--sections"]
    files, out = sorted(folder.glob("in*.h5ad")), ["--output", folder / "out.h5ad"]
    return run(*command, *files, *out, *options)


def test_the_program_is_repeatable_and_a_missing_section_is_named(tmp_path) -> None:
    for number, part in enumerate(pair()):
        write_h5ad(tmp_path / f"in{number}.h5ad", part)
    done = program(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "whole: 100 cells (one 60, two 40) x 80 common genes\n"
    first = (tmp_path / "out.h5ad").read_bytes()
    assert program(tmp_path, run=run_apart).returncode == 0
    assert (tmp_path / "out.h5ad").read_bytes() == first

    write_h5ad(tmp_path / "in2.h5ad", failed_dataset("lost", "ask its authors"))
    write_h5ad(tmp_path / "in3.h5ad", failed_dataset("gone", "no such host"))
    refused = program(tmp_path)
    reason = "section lost: ask its authors; also not available: gone"
    assert (refused.returncode, refused.stderr) == (1, f"error: whole: {reason}\n")
    assert (tmp_path / "out.h5ad").read_bytes() == first
    assert program(tmp_path, "--record-failure").returncode == 0
    stands_for_it = preprocess(read_h5ad(tmp_path / "out.h5ad"))
    assert stands_for_it.n_obs == 0
    assert stands_for_it.uns["dataset"]["reason"] == reason


# The configuration


def benchmark(*datasets, **changes):
    config = {**load_yaml(CONFIG / "config.yaml"), "datasets": list(datasets), **changes}
    return load_benchmark(config, CONFIG)


SIMULATED = {"layout": "layers", "n_cells": 90, "n_genes": 70}


def test_a_joined_dataset_is_described_by_its_sections() -> None:
    own = {"id": "s2", "simulate": {**SIMULATED, "n_domains": 9}}
    found = benchmark("BZ5", {"id": "mix", "join": ["BZ5", "sim_rings", own]})
    assert list(found.datasets) == ["BZ5", "mix"]
    entry = found.datasets["mix"]
    bz5 = found.datasets["BZ5"]
    assert entry["cells"] == bz5["cells"] + 600 + 90
    assert (entry["genes"], entry["n_domains"], entry["kind"]) == (70, 9, "counts")
    assert entry["technology"] == f"{bz5['technology']}; simulated"
    assert list(found.parts) == ["BZ5", "sim_rings", "s2"]
    assert set(found.made) == {"BZ5", "mix", "sim_rings", "s2"}
    assert found.mem_mb("stague", "mix", 1) > 0


def test_a_setting_that_all_sections_have_is_that_of_the_joined_dataset() -> None:
    cortex = {"id": "cortex", "join": ["DLPFC151507", "DLPFC151508"]}
    mixed = {"id": "mixed", "join": ["DLPFC151507", "DLPFC151510"]}
    mice = {"id": "mice", "join": ["BZ5", "BZ9"]}
    found = benchmark("DLPFC151507", "sim_layers", cortex, mixed, mice)
    assert found.params("stagate", "cortex") == found.params("stagate", "DLPFC151507")
    assert found.params("stagate", "mixed")["graph"] == "radius"  # by technology
    assert found.params("stagate", "mice")["graph"] == "knn"
    assert found.params("sedr", "mice") == found.params("sedr", "sim_layers")  # by genes
    assert found.datasets["cortex"]["hvg"] and found.datasets["cortex"]["filter_cell"] == 50


def test_joined_datasets_can_be_made_worse() -> None:
    pair_ = {"id": "pair", "join": ["BZ5", "BZ9"]}
    found = benchmark(pair_, robustness={"counts": [0.5]})
    assert list(found.datasets) == ["pair", "pair.counts0.5.draw0", "pair.counts0.5.draw1"]
    assert found.params("stague", "pair.counts0.5.draw0") == found.params("stague", "pair")


def test_what_has_to_be_fetched_for_its_sections_is_planned(tmp_path) -> None:
    from stbench.config.layout import Layout
    from stbench.runs.plan import make_plan
    from stbench.runs.plan_text import as_text

    lost = {"id": "lost", "join": ["BZ5", "Stereo-seq"]}
    pair = {"id": "pair", "join": ["BZ5", "BZ9"]}
    found = benchmark("sim_rings", lost, pair, robustness={"cells": [0.5]})
    plan = make_plan(found, Layout(tmp_path), PROJECT / "resources/cost_model.csv", [])
    assert plan.lost["lost"].startswith("section Stereo-seq: ")
    copies = {f"lost.cells0.5.draw{seed}" for seed in (0, 1)}
    assert {plan.lost[name] for name in copies} == {plan.lost["lost"]}
    assert set(plan.lost) & set(found.datasets) == {"lost", *copies}
    assert ("download", 3, 3) in plan.stages
    assert "joined from its sections" in as_text(plan, jobs=1)


@pytest.mark.parametrize(
    ("join", "message"),
    [
        (["BZ5"], "dataset 'x': join: ['BZ5'] is too short"),
        ("BZ5", "dataset 'x': join: 'BZ5' is not of type array"),
        (["BZ5", 9], "dataset 'x': join[1]: 9 is not of type string or object"),
        (["BZ5", "BZ55"], "dataset 'x': join[1]: unknown dataset 'BZ55' (did you mean 'BZ5'?)"),
        (["BZ5", "BZ5"], "dataset 'x': join: 'BZ5' is listed twice"),
        (["BZ5", {"id": "y", "join": ["BZ9", "BZ14"]}], "join[1]: a joined dataset cannot be"),
        (["BZ5", {"id": "y", "simulate": {"layout": "spiral"}}], "join[1]: dataset 'y': simulate"),
        (["BZ5", {"id": "y", "path": "none.h5ad", "n_domains": 4}], "'y': none.h5ad: no such file"),
        (["DLPFC151507_pca", "Bregma0.04_pca"], "join: features of sections are not comparable"),
        (["BZ5", "Bregma0.09"], "join: sections of several kinds (counts, intensities); use"),
        (
            ["BZ5", {"id": "sim", "simulate": {"layout": "rings"}}],
            "'sim', joined in 'x', is the id",
        ),
    ],
)
def test_a_wrong_join_is_refused_in_one_line(join, message) -> None:
    with pytest.raises(InputError) as error:
        benchmark({"id": "sim", "simulate": {"layout": "layers"}}, {"id": "x", "join": join})
    assert str(error.value).startswith("config: datasets: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_section_may_not_be_named_like_a_worse_copy() -> None:
    rings = {"layout": "rings", "seed": 3}
    join = ["BZ5", {"id": "sim.cells0.5.draw0", "simulate": rings}]
    with pytest.raises(InputError, match=r"'sim\.cells0\.5\.draw0', joined in 'x', is the id of"):
        benchmark(
            {"id": "sim", "simulate": rings},
            {"id": "x", "join": join},
            robustness={"cells": [0.5]},
        )


@pytest.mark.parametrize("name", ["integration", "integration_dlpfc"])
def test_the_shipped_configurations_join_and_have_harmony(name) -> None:
    config = load_yaml(CONFIG / f"{name}.yaml")
    found = benchmark(*config.pop("datasets"), **config)
    assert {entry["origin"] for entry in found.datasets.values()} == {"joined"}
    assert {"harmony", "smoothed_harmony", "pca", "stague"} <= set(found.chosen("domains"))
    for entry in found.datasets.values():
        tissues = [Tissue(**p["simulate"]) for p in entry["parts"] if "simulate" in p]
        assert len({tissue.seed for tissue in tissues}) <= 1
        assert len({tissue.section for tissue in tissues}) == len(tissues)


def parts_of(path, **keys):
    entry = with_file(dataset_entry(entry_of(path, **keys), {}))
    return [own_dataset(with_file(dataset_entry(one["given"], {}))) for one in entry["parts"]]


def test_sections_with_one_domain_need_others_in_the_whole(tmp_path) -> None:
    path = tmp_path / "mine.h5ad"
    adata = own_sections.several_fovs()
    adata.obs["part"] = np.where(adata.obs["cluster"] == "L1", "top", adata.obs["fov"].astype(str))
    adata.write_h5ad(path)
    parts = parts_of(path, section="part", n_domains="auto")
    assert join_sections(parts, "mine").uns["dataset"]["n_domains"] == 4
    unlabeled = adata.copy()
    unlabeled.obs.loc[adata.obs["part"] == "fov2", "cluster"] = np.nan
    unlabeled.write_h5ad(path)
    joined = join_sections(parts_of(path, section="part", n_domains="auto"), "mine")
    assert joined.uns["dataset"]["n_domains"] == joined.obs["cluster"].nunique() == 4
    without = joined.obs["cluster"].isna()
    assert set(joined.obs.loc[without, "section"]) == {"mine_fov2"}
    adata.obs["cluster"] = "L1"
    adata.write_h5ad(path)
    parts = parts_of(path, section="part", n_domains=3)
    with pytest.raises(InputError, match=r"^mine: label: 1 domain among the labels"):
        join_sections(parts, "mine")
