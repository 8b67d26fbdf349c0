"""The report of shipped results, which are files of scores without positions of cells."""

import json

import h5py
import pytest

from helpers.programs import run_here
from helpers.results import made_results, scores_of
from stbench.common.checksums import file_hash
from stbench.common.paths import CONFIG, PROJECT, RESOURCES, SCRIPTS
from stbench.common.text import markdown
from stbench.config.schema import load_yaml
from stbench.results.assembly import method_titles
from stbench.results.published import read_published
from stbench.results.shipped import LABELS, MANIFEST, SCORES, read_shipped, stale_entries
from stbench.verdict.claims import (
    claims,
    claims_page,
    read_known_differences,
    read_other_claims,
)
from stbench.verdict.pages import readme_headline, stale_sentence, with_headline


def test_shipped_results_have_the_page_of_a_run(tmp_path):
    means = {"stague": 0.7, "sedr": 0.5, "smoothed_pca": 0.6}
    scores = (scores_of("BZ5", name, [mean, mean + 0.02]) for name, mean in means.items())
    made_results(*scores).to_parquet(tmp_path / SCORES)
    h5py.File(tmp_path / LABELS, "w").close()
    chosen = {"datasets": ["BZ5"], "methods": list(means), "seeds": [0, 1], "rank_by": "kmeans"}
    config = {**load_yaml(CONFIG / "config.yaml"), **chosen, "clusterers": ["kmeans"]}
    files = {name: file_hash(tmp_path / name) for name in (SCORES, LABELS)}
    manifest = {"config": config, "files": files}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    page = tmp_path / "page.html"
    run = run_here(SCRIPTS / "verdict_report.py", "--shipped", tmp_path, "--output", page)
    assert run.returncode == 0, run.stderr
    text = page.read_text()
    assert "STAGUE has the best mean rank" in text and text.count("data:image/") >= 2


@pytest.fixture(scope="module")
def shipped():
    """What the repository has, published scores, and the claims that they are."""
    folder = RESOURCES / "published"
    published, results = read_published(folder / "scores.csv"), read_shipped(RESOURCES / "verdict")
    known = read_known_differences(folder / "differences.csv")
    return results, published, claims(results.results, published, known)


def test_the_readme_agrees_with_the_shipped_results(shipped):
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    headline = readme_headline(shipped[0], shipped[2])
    assert text == with_headline(text, headline), "run make verdict-pages"


def test_the_pages_are_those_of_the_shipped_results(shipped):
    """Without the leaderboard, which would rank everything once more."""
    results, published, claimed = shipped[0].results, *shipped[1:]
    page = (PROJECT / "docs/claims.md").read_text(encoding="utf-8")
    others = read_other_claims(RESOURCES / "published/claims.csv")
    assert page == claims_page(claimed, results, published, others), "run make verdict-pages"
    readme = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    leaderboard = (PROJECT / "docs/leaderboard.md").read_text(encoding="utf-8").splitlines()
    answers = [
        line for line in readme if line.startswith(("- **Best:", "- **Controls:", "- **Cost:"))
    ]
    assert len(answers) == 3 and set(answers) <= set(leaderboard), "run make verdict-pages"


def test_the_leaderboard_names_the_entries_that_the_code_of_today_would_fit_again():
    """An edit may change the key of shipped fits without meaning to (``make verdict-pages``)."""
    shipped = read_shipped(RESOURCES / "verdict")
    stale = stale_entries(shipped.manifest, CONFIG)
    said = stale_sentence(stale, method_titles(shipped.results))
    page = (PROJECT / "docs/leaderboard.md").read_text(encoding="utf-8")
    assert markdown(said) in page if said else "stale" not in page
