"""Markers of domains: a planted one is found, and no more is said than the numbers say."""

import json
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, ranksums

import markers
from helpers.programs import run_here
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.config.benchmark import load_benchmark
from stbench.config.layout import Layout
from stbench.config.schema import load_yaml
from stbench.data.preprocessing import preprocess
from stbench.markers.differential_expression import (
    FEWEST_CELLS,
    Domains,
    cell_scores,
    columns_of_genes,
    expression_by_domain,
    gene_statistics,
    rank_genes,
    set_means,
    top_markers,
)
from stbench.markers.domains import main_domains, mostly, true_domains
from stbench.markers.verdict import no_verdict, verdict
from stbench.report.markers import marker_study
from stbench.runs.retry import first_error

N, GENES = 60, 80
CODES = np.repeat([0, 1], [20, 40])
CODES[-2:] = 2  # too small to be tested
SYMBOLS = [f"G{i}" for i in range(GENES)]
FACTS = {
    "id": "D", "status": "ok", "reason": "", "kind": "counts", "hvg": True, "filter_cell": 3,
    "n_domains": 3, "organism": "human", "technology": "10x Visium", "source": "x",
}  # fmt: skip


def dataset():
    """Counts in which G7 is high in domain 0 and G9 is hardly seen."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(2.0, (N, GENES)).astype(np.float32)
    counts[CODES == 0, 7] += 12
    counts[:, 9] = 0
    counts[0, 9] = 1
    obs = pd.DataFrame(index=[f"c{i}" for i in range(N)])
    obs["cluster"] = pd.Categorical(np.array(["tumour", "stroma", "tiny"])[CODES])
    coords = np.random.default_rng(1).uniform(size=(N, 2))
    var, uns = pd.DataFrame(index=SYMBOLS), {"dataset": FACTS}
    return anndata.AnnData(counts, obs, var, uns, obsm={"spatial": coords})


@pytest.fixture(scope="module")
def expression():
    made = preprocess(dataset())
    return anndata.AnnData(made.X, var=pd.DataFrame(index=SYMBOLS))


@pytest.fixture(scope="module")
def ranked(expression):
    return rank_genes(expression, CODES)


TRUE = Domains("truth", "true domains", 3, CODES, ["tumour", "stroma", "tiny"], [""] * 3)
FOUND = Domains("m", "M", 3, CODES, ["1", "2", "3"], ["tumour (90%)", "", ""], "ARI 0.50")
FAILED = Domains("f", "F", 3, np.empty(0, int), [], [], "oom: needed 9 GB")
NAMES = {"G7": ("G7", ""), "NOWHERE": ("", "not measured: not one of the 80 genes")}


def test_the_planted_marker_comes_first_and_its_numbers_are_those_of_the_test(expression, ranked):
    first = ranked[0].iloc[0]
    assert first.name == "G7" and first["rank"] == 1 and first["marker"]
    levels = expression[:, "G7"].X.toarray()[:, 0]
    inside, others = levels[CODES == 0], levels[CODES != 0]
    assert first["score"] == pytest.approx(ranksums(inside, others).statistic, rel=0.01)
    fold = np.log2(np.expm1(inside.mean()) / np.expm1(others.mean()))
    assert first["log2_fold_change"] == pytest.approx(fold, rel=1e-4)
    assert first["expressed_in"] == 1 and first["expressed_out"] == (others > 0).mean()
    assert not ranked[1].loc["G7", "marker"] and ranked[1].loc["G7", "rank"] == GENES
    assert 2 not in ranked


def test_p_is_that_of_a_test_that_knows_of_ties(expression, ranked):
    for gene in ("G9", "G3"):
        levels = expression[:, gene].X.toarray()[:, 0]
        samples = levels[CODES == 0], levels[CODES != 0]
        test = mannwhitneyu(*samples, use_continuity=False, method="asymptotic")
        assert ranked[0].loc[gene, "p"] == pytest.approx(test.pvalue, rel=1e-5)


def test_the_fewest_cells_inside_and_outside(expression):
    def tested(first):
        return list(rank_genes(expression, (np.arange(N) >= first).astype(int)))

    assert tested(FEWEST_CELLS - 1) == tested(N - FEWEST_CELLS + 1) == []
    assert tested(FEWEST_CELLS) == tested(N - FEWEST_CELLS) == [0, 1]


def test_cells_without_a_domain_are_left_out(expression, ranked):
    codes = np.where(np.arange(N) < 5, -1, CODES)
    assert rank_genes(expression, codes)[0]["cells"].iloc[0] == 15
    assert rank_genes(expression, np.full(N, -1)) == {} == rank_genes(expression, 0 * CODES)


def test_every_domain_of_every_gene_has_a_row_or_a_reason(ranked):
    table = gene_statistics(TRUE, ranked, NAMES)
    assert list(table["gene"]) == ["G7"] * 3 + ["NOWHERE"]
    assert list(table["domain"]) == ["tumour", "stroma", "tiny", ""]
    assert list(table["status"]) == ["ok", "ok", "not_applicable", "not_applicable"]
    assert list(table["rank"].iloc[:2]) == [1, GENES]
    assert "too few" in table["reason"][2] and "not measured" in table["reason"][3]
    assert set(gene_statistics(FAILED, {}, NAMES)["reason"]) == {"oom: needed 9 GB"}
    markers = top_markers(TRUE, ranked)
    assert list(markers["gene"][:1]) == ["G7"] and markers["marker"].all()
    assert list(top_markers(FAILED, {})) == list(markers)


def test_genes_that_are_not_tested_say_why():
    kept = np.ones(4, bool)
    kept[2] = False
    found = columns_of_genes(["B", "c", "X"], ["A", "B", "C", "D"], kept, 10)
    assert found["B"] == 1
    assert found["c"] == "measured, but not tested: detected in fewer than 10 cells"
    assert found["X"] == "not measured: not one of the 4 genes of this dataset"


def words(divisions, ranked, names=NAMES):
    tables = [gene_statistics(d, ranked if d.available else {}, names) for d in divisions]
    markers = pd.concat([top_markers(d, ranked if d.available else {}) for d in divisions])
    return " ".join(verdict(FACTS, divisions, pd.concat(tables), GENES, markers).split())


def test_the_verdict_says_what_the_numbers_say(ranked):
    text = words([TRUE, FOUND, FAILED], ranked)
    assert "G7 is a marker of 1 of 2 tested: tumour [20 spots, rank 1 of 80, log2 fold" in text
    assert "It is lower in stroma (log2 fold change -" in text
    assert "Not tested because of too few spots: tiny." in text
    assert "domain 1, mostly tumour (90%) [20 spots" in text
    assert "No result for the domains of F: oom: needed 9 GB." in text
    assert "SUPPORTED: G7 is a marker of a true domain, and of a domain in 1 of 1 divisions" in text
    assert "NOWHERE: no result: not measured: not one of the 80 genes;" in text
    assert "one section of one individual" in text and "do not prove a difference" in text


def test_the_main_map_is_no_further_division_of_a_method(ranked):
    main = replace(FOUND, id="recommended", title="recommended map")
    text = words([TRUE, main, FOUND], ranked)
    assert "and of a domain in 1 of 1 divisions of methods" in text
    assert "and of a domain in 1 of 1 divisions of methods" in words([TRUE, main], ranked)


def test_a_filter_of_genes_is_named_where_there_is_one(ranked):
    table = gene_statistics(TRUE, ranked, NAMES)
    for hvg, least, named in ((True, 3, True), (True, 0, False), (False, 3, False)):
        facts = {**FACTS, "hvg": hvg, "filter_cell": least}
        markers = top_markers(TRUE, ranked)
        text = " ".join(verdict(facts, [TRUE], table, GENES, markers).split())
        assert ("genes tested, those detected in at least 3 spots)" in text) == named
        assert ("genes tested)" in text) != named


def test_a_gene_that_marks_nothing_is_said_to_be_not_supported(ranked):
    text = words([TRUE], ranked, {"G3": ("G3", "")})
    assert "G3 is a marker of none of 2 tested; the highest" in text
    assert "NOT SUPPORTED: G3 is a marker of no true domain." in text
    assert " SUPPORTED: G3" not in text.replace("NOT SUPPORTED", "")
    assert "Found domains" not in text  # there are none
    alone = words([Domains("truth", "true domains", 3, np.empty(0, int), [], [], "none"), FOUND],
                  ranked, {"G3": ("G3", "")})  # fmt: skip
    assert "OPEN: no true domains are known" in alone and "one annotation" not in alone


def test_the_first_markers_of_the_consensus_are_named_without_any_requested_gene(ranked):
    none_better = ("", "")
    note = "consensus of 4 maps of 3 methods"
    consensus = main_domains({"consensus": CODES}, 3, note, none_better, TRUE)
    text = words([TRUE, consensus], ranked, {})
    assert "the consensus of methods (consensus of 4 maps of 3 methods). Domain 1 (20" in text
    assert "Domain 1 (20 spots, mostly tumour (100%)): G7." in text
    assert "Domain 3 (2 spots, mostly tiny (100%)): none." in text
    note = "no consensus: 30000 cells"
    first = main_domains({"stague": CODES}, 3, note, ("stague", "STAGUE"), TRUE)
    text = words([TRUE, first], ranked, {})
    assert "the recommended map, STAGUE (no consensus: 30000 cells). Domain 1 (20" in text
    assert "Domain 1 (20 spots, mostly tumour (100%)): G7." in text
    none = main_domains({}, 3, note, none_better, TRUE)
    assert "No markers for the consensus of methods: no consensus: 30000" in words([none], {}, {})


def test_expression_by_domain_is_that_of_its_cells(expression):
    means, shares = expression_by_domain(expression, CODES, ["G7", "G9"])
    values = expression[:, ["G7", "G9"]].X.toarray()
    assert np.allclose(means[1], values[CODES == 1].mean(axis=0))
    assert np.allclose(shares[0], (values[CODES == 0] > 0).mean(axis=0))


def test_nothing_is_said_of_a_dataset_that_could_not_be_had():
    assert no_verdict("D", ["A", "B"], "not_applicable", "data not available") == (
        "D: not applicable: data not available. There is no result for A, B.\n"
    )


def test_true_domains_and_what_found_ones_are_mostly_made_of():
    truth = true_domains(pd.Categorical(["a", "a", "b", None]), 2)
    assert list(truth.codes) == [0, 0, 1, -1] and truth.sizes == {0: 2, 1: 1}
    assert mostly(np.array([0, 0, 0, 1]), 2, truth) == ["a (67%)", ""]
    assert not true_domains(None, 5).available


def test_gene_sets_are_higher_where_their_genes_are(expression):
    counts = expression.X.toarray()
    counts[CODES == 1, :4] += 2
    cells = anndata.AnnData(counts, var=pd.DataFrame(index=SYMBOLS))
    scores = cell_scores(cells, SYMBOLS, {"up": SYMBOLS[:4], "few": ["G1", "g2", "nowhere"]})
    table = set_means(TRUE, scores)
    up = table[table["gene_set"] == "up"].set_index("domain")
    assert up.loc["stroma", "mean"] > 1 > up.loc["tumour", "mean"]
    assert up.loc["stroma", "mean"] > up.loc["stroma", "mean_others"]
    few = table[table["gene_set"] == "few"].iloc[0]
    assert few["measured"] == 2 and "2 of its 3 genes" in few["reason"]
    scores = cell_scores(cells[:, :20], SYMBOLS[:20], {"up": SYMBOLS[:4]})
    assert scores == {"up": (4, "20 genes: at least 50 are required")}


def run(folder, **changed):
    options = {
        "data": folder / "D.h5ad",
        "preprocessed": folder / "clean.h5ad",
        "scores": folder / "scores.parquet",
        "labels": folder / "m.h5",
        "titles": json.dumps({"m": "M"}),
        "genes": "G7",
        "output": folder / "out",
        **changed,
    }
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return run_here(PROJECT / "scripts/markers.py", *arguments)


def test_a_dataset_without_cells_is_told_by_the_program(tmp_path):
    text = {**FACTS, "status": "error", "reason": "data not available"}
    empty = anndata.AnnData(np.zeros((0, 0), np.float32), uns={"dataset": text})
    empty.write_h5ad(tmp_path / "D.h5ad")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "data not available. There is no result for G7" in done.stdout
    genes = pd.read_csv(tmp_path / "out/genes.csv")
    assert list(genes["status"]) == ["not_applicable"] and list(genes["gene"]) == ["G7"]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["genes.csv", "markers.csv", "verdict.txt"]


def test_a_failure_is_recorded_where_no_gene_was_requested(tmp_path):
    markers.write_reason([], "D", "error", "it broke", tmp_path)
    assert first_error(tmp_path / "genes.csv") == "it broke"


def test_bad_input_is_one_line_and_leaves_nothing_behind(tmp_path):
    made = dataset()
    made.write_h5ad(tmp_path / "D.h5ad")
    preprocess(made).write_h5ad(tmp_path / "clean.h5ad")
    for changed, said in [
        ({"data": tmp_path / "gone.h5ad"}, "gone.h5ad: no such file"),
        ({"titles": "{"}, "--titles: not valid JSON"),
        ({}, "scores.parquet: no such file"),
    ]:
        done = run(tmp_path, **changed)
        assert done.returncode == 1 and said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["D.h5ad", "clean.h5ad"]


def test_the_report_shows_verdict_and_table_of_each_dataset(tmp_path, ranked):
    layout = Layout(tmp_path)
    assert marker_study(layout, ["D", "E"]) is None
    layout.markers("E").mkdir(parents=True)
    with pytest.raises(InputError, match="make it again"):
        marker_study(layout, ["D", "E"])
    gene_statistics(FAILED, {}, NAMES).to_csv(layout.markers("E") / "genes.csv", index=False)
    consensus = replace(FOUND, id="consensus")
    top_markers(consensus, ranked).to_csv(layout.markers("E") / "markers.csv", index=False)
    (layout.markers("E") / "verdict.txt").write_text(no_verdict("E", ["G7"], "error", "gone"))
    study, text = marker_study(layout, ["D", "E"])
    titles = ["requested genes, E", "first markers of the consensus domains, E"]
    assert [table.title for table in study.tables] == titles
    assert text == ["E: error: gone. There is no result for G7."]


def test_the_shipped_configuration_is_complete():
    config = PROJECT / "config"
    both = {**load_yaml(config / "config.yaml"), **load_yaml(config / "breast_cancer.yaml")}
    benchmark = load_benchmark(both, config)
    assert list(benchmark.datasets) == ["HER2ST_A1", "BRCA1"]
    assert benchmark.config["markers"] == {"genes": ["COX6C", "CCND1"], "gene_sets": None}
    for wrong in ({"genes": [1]}, {"gene_sets": 1}, {"genes": ["A"], "top": 3}):
        with pytest.raises(InputError, match="markers"):
            load_benchmark({**both, "markers": wrong}, config)
