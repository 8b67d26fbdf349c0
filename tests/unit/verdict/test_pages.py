"""The pages of shipped results."""

import pandas as pd
import pytest

from helpers.results import made_results, scores_of
from stbench.common.errors import InputError
from stbench.common.paths import PROJECT
from stbench.results.published import COLUMNS
from stbench.results.shipped import Shipped
from stbench.verdict.claims import KNOWN as COLUMNS_OF_KNOWN
from stbench.verdict.claims import claims
from stbench.verdict.pages import (
    BEGIN,
    END,
    leaderboard_text,
    left_out_sentences,
    made_sentence,
    readme_headline,
    verdict_of,
    with_headline,
)

README = PROJECT / "README.md"
MANIFEST_OF = {
    "made": "2026-11-29",
    "commit": "abcdef0123, 9876543210",
    "machine": "a processor",
    "config": {"rank_by": "kmeans"},
    "unfinished": {
        "datasets": {"osmFISH": "3 of 5 entries scored"},
        "methods": {"Novae": "0 of 2 entries scored", "BASS": "1 of 2 entries scored"},
    },
    "entries": {"BZ5": {"sedr": {"refine": [50, False]}}, "BZ9": {"sedr": {"refine": [0, False]}}},
    "tissues": {"BZ5": {"technology": "STARmap", "cells": 1049, "same_label": 0.9}},
}
PUBLISHED = pd.DataFrame(
    [("BZ5", "sedr", "ARI", 0.9, 0.01, 20, "BenchmarkST, ari_results/SEDR.txt")], columns=COLUMNS
)


KNOWN = pd.DataFrame(columns=COLUMNS_OF_KNOWN)


@pytest.fixture(scope="module")
def shipped():
    means = {"stague": 0.7, "sedr": 0.5, "smoothed_pca": 0.6}
    scores = [scores_of("BZ5", name, [mean, mean + 0.02]) for name, mean in means.items()]
    scores.append(scores_of("BZ9", "sedr", ["oom", "oom"], consensus=float("nan")))
    return Shipped(made_results(*scores), MANIFEST_OF)


def test_the_leaderboard_answers_first_then_questions_then_tables(shipped):
    page = leaderboard_text(verdict_of(shipped, PUBLISHED, KNOWN), "images")
    order = [
        "# Leaderboard",
        "STAGUE has the best mean rank",
        "images/overview.svg",
        "Not finished, and left out: 1 dataset and 2 methods",
        "Left out datasets: osmFISH (3 of 5 entries scored). Left out methods: Novae (0 of",
        "On BZ5 the labels of every method and control are smoothed by the majority of 50",
        "## Questions",
        "Which method for Visium",
        "## What explains a score",
        "images/explained.svg",
        "## Fits without a score",
        "| SEDR | BZ9 | 2 | oom: it said oom |",
        "## Real tissues",
        "## How to read the tables",
    ]
    places = [page.index(part) for part in order]
    assert places == sorted(places)


def test_scores_on_degraded_data_are_a_section_where_they_were_measured(shipped):
    columns = ["dataset", "method", "clusterer", "way", "level", "mean", "n"]
    levels = [("BZ5", "sedr", "kmeans", "counts", *row) for row in ((1.0, 0.5, 2), (0.5, 0.3, 2))]
    curves = pd.DataFrame(levels, columns=columns)
    heading = "## Robustness to worse data"
    assert heading not in leaderboard_text(verdict_of(shipped, PUBLISHED, KNOWN), "images")
    page = leaderboard_text(verdict_of(shipped, PUBLISHED, KNOWN, curves=curves), "images")
    assert page.index("images/explained.svg") < page.index(heading) < page.index("## Fits without")
    assert "| SEDR | .50 | .30 (-.20) |" in page


def test_the_headline_replaces_what_is_between_the_marks(shipped):
    block = readme_headline(shipped, claims(shipped.results, PUBLISHED, KNOWN))
    assert block.startswith("- **Best:** STAGUE has the best mean rank")
    assert "Of 1 published score (0 of the authors" in block
    first = with_headline(f"a\n{BEGIN}\nyesterday\n{END}\nb\n", block)
    assert first.startswith(f"a\n{BEGIN}\n\n- **Best:**") and first.endswith(f"{END}\nb\n")
    assert "yesterday" not in first and with_headline(first, block) == first
    with pytest.raises(InputError, match="no lines"):
        with_headline("a\nb\n", block)


def test_the_origin_of_the_results_is_a_sentence():
    assert made_sentence(MANIFEST_OF) == (
        "Measured until 2026-11-29, at 2 commits (named in manifest.json), on a processor. "
        "Not finished, and left out: 1 dataset and 2 methods."
    )
    assert ", at commit abcdef0, on" in made_sentence({**MANIFEST_OF, "commit": "abcdef0123"})
    older = made_sentence({**MANIFEST_OF, "scored_by_earlier_code": 1})
    assert " 1 entry scored by an earlier version of the code. Not finished" in older


def test_a_shipped_method_is_part_of_the_run_by_its_title():
    manifest = {"unfinished": {"datasets": {}, "methods": {}}, "entries": {"BZ5": {"bass": {}}}}
    reasons = {"BASS": "its packages are not in Debian"}
    assert left_out_sentences(manifest, reasons, {"bass": "BASS"}) == ""
    assert left_out_sentences(manifest, reasons, {}).startswith("Not part of the run: BASS")


def test_the_readme_has_a_place_for_the_headline():
    text = README.read_text(encoding="utf-8")
    assert "a headline" in with_headline(text, "a headline")
