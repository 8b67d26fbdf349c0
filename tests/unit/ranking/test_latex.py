"""Tables for a paper: whole, escaped, and set by a real TeX where there is one."""

import re
import shutil
import subprocess

import pandas as pd
import pytest

from helpers.results import METHODS, NAN, fits_of, made_results, scores_of
from stbench.ranking.latex import escape, latex_tables
from stbench.ranking.standings import all_standings
from stbench.results.aggregates import score_table
from stbench.results.published import published_vs_measured

NASTY = r"a_b & 100% #1 $x$ {y} \z ^"
DOCUMENT = r"""\documentclass{article}
\usepackage[margin=2cm]{geometry}
\usepackage{booktabs,longtable}
\begin{document}
\input{leaderboard}\input{ARI_final}\input{published_vs_measured}
\end{document}
"""
PUBLISHED = pd.DataFrame(
    [
        ("D_0", "sedr", "ARI", 0.5, 0.1, 20, "file_1.txt & more"),
        ("D_0", "sedr", "ARI", 0.7, NAN, NAN, "100% of #2"),
        ("D_1", "sedr", "ARI", 0.2, NAN, NAN, "100% of #2"),
    ],
    columns=["dataset", "method", "metric", "mean", "sd", "n", "source"],
)


def made(n_datasets=7):
    from stbench.results.assembly import assemble

    parts = []
    for i in range(n_datasets):
        parts += [
            scores_of(f"D_{i}", "stague", [0.8, 0.9], oracle=[0.9, 0.9]),
            scores_of(
                f"D_{i}", "sedr", ["oom", "oom"] if i == 1 else [0.6, "timeout" if i == 0 else 0.6]
            ),
            scores_of(f"D_{i}", "smoothed_pca", [0.95, 0.95]),
        ]
    scores = pd.concat(parts, ignore_index=True)
    methods = {**METHODS, "stague": {**METHODS["stague"], "title": NASTY}}
    return assemble(scores, fits_of(scores), methods)


def tables_of(results):
    published = published_vs_measured(results, PUBLISHED)
    final = score_table(results, "ARI", "final")
    return latex_tables(all_standings(results, "kmeans"), results, final, published, "kmeans")


@pytest.fixture(scope="module")
def tables():
    return tables_of(made())


def bodies(text):
    """The columns and the rows of every tabular and longtable."""
    text = text.replace("p{22mm}", "l")
    pattern = r"\\begin\{(tabular|longtable)\}\{@\{\}([lcr]+)@\{\}\}(.*?)\\end\{\1\}"
    for _, columns, body in re.findall(pattern, text, re.S):
        rows = [line for line in body.splitlines() if line.endswith(r" \\")]
        yield columns, [re.split(r"(?<!\\)&", row) for row in rows]


def test_special_signs_are_escaped():
    assert escape("a_b & 100% #1 $x$ {y}") == r"a\_b \& 100\% \#1 \$x\$ \{y\}"
    assert escape("\\ ~^\n<|>") == (
        r"\textbackslash{} \textasciitilde{}\textasciicircum{} "
        r"\textless{}\textbar{}\textgreater{}"
    )


def test_every_table_is_whole(tables):
    assert list(tables) == ["leaderboard", "ARI_final", "published_vs_measured"]
    for name, text in tables.items():
        begun, ended = (re.findall(rf"\\{word}{{(.*?)}}", text) for word in ("begin", "end"))
        assert sorted(begun) == sorted(ended) and begun, name
        bare = re.sub(r"\\[{}\\]", "", text)
        assert bare.count("{") == bare.count("}"), name
        assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0, name
        found = list(bodies(text))
        assert found, name
        for columns, rows in found:
            assert {len(row) for row in rows} == {len(columns)}, name


def test_the_best_method_is_bold_controls_aside_and_failures_have_names(tables):
    (columns, rows), (_, more) = bodies(tables["ARI_final"])
    assert columns == "lrrrrr" and [cell.strip(" \\") for cell in more[0]][1:] == [r"D\_5", r"D\_6"]
    by_method = {row[0].strip(): [cell.strip(" \\") for cell in row[1:]] for row in rows}
    assert by_method["SEDR"][1] == "oom"
    assert by_method["SEDR"][0] == r"$.60$ {\scriptsize timeout 1/2}"
    assert by_method[escape(NASTY)][0] == r"{\boldmath$.85 \pm .07$}"
    assert by_method[r"\emph{Smoothed PCA}"][0] == r"$.95 \pm .00$"
    assert "part 1 of 2" in tables["ARI_final"]


def test_each_dataset_has_its_own_best_method():
    scores = {"D_0": (0.8, 0.6, 0.9), "D_1": (0.3, 0.5, 0.1)}
    parts = [
        scores_of(dataset, method, [value])
        for dataset, values in scores.items()
        for method, value in zip(("stague", "sedr", "smoothed_pca"), values, strict=True)
    ]
    ((_, rows),) = bodies(tables_of(made_results(*parts))["ARI_final"])
    cells = {row[0].strip(): ["boldmath" in cell for cell in row[1:]] for row in rows[1:]}
    assert cells == {
        "STAGUE": [True, False],
        "SEDR": [False, True],
        r"\emph{Smoothed PCA}": [False, False],
    }


def test_the_leaderboard_has_a_table_for_each_policy(tables):
    worst, common = bodies(tables["leaderboard"])
    assert len(worst[1]) == len(common[1]) == 1 + 3
    sedr = [row for row in worst[1] if row[1].strip() == "SEDR"]
    assert [cell.strip(" \\") for cell in sedr[0]] == [
        *("2", "SEDR", "3.00", "", "$.60$", "--", "--", "--", "$-.35$"),
        *("$10$", "300", "3~of~14: oom 2, timeout 1"),
    ]
    parts = scores_of("D", "stague", [0.8]), scores_of("D", "pca", ["oom"])
    ((_, rows),) = bodies(tables_of(made_results(*parts))["leaderboard"])
    lost = [row for row in rows if "PCA" in row[1]]
    assert [cell.strip() for cell in lost[0][4:11]] == ["--"] * 7
    again = tables_of(made_results(scores_of("D", "stague", [0.8]), scores_of("D", "pca", [0.1])))
    assert len(list(bodies(again["leaderboard"]))) == 1


def test_published_scores_have_numbered_sources_and_stay_empty_where_unknown(tables):
    ((_, rows),) = bodies(tables["published_vs_measured"])
    cells = [[cell.strip(" \\") for cell in row] for row in rows if row[0].startswith("D")][2:]
    assert cells[0] == [r"D\_0", "SEDR", "ARI", *cells[0][3:]]
    assert cells[0][4:] == ["$.50$", "$+.10$ $[-.11, +.31]$", "agrees", "1"]
    no_spread = "cannot be compared: neither side has a spread"
    assert cells[1][4:] == ["$.70$", "$-.10$", no_spread, "2"]
    unknown = "cannot be compared: not"
    assert cells[2][3:] == [r"$.85 \pm .07$", "", "", f"{unknown} published", ""]
    assert [r"D\_1", "SEDR", "ARI", "oom", "$.20$", "", f"{unknown} measured", "2"] in cells
    assert r"[1]~file\_1.txt \& more. [2]~100\% of \#2." in tables["published_vs_measured"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
@pytest.mark.parametrize("ranked", [True, False])
def test_tex_sets_them(tmp_path, ranked):
    results = made() if ranked else made_results(scores_of("Z", "stague", ["oom"]))
    for name, text in tables_of(results).items():
        (tmp_path / f"{name}.tex").write_text(text)
    (tmp_path / "paper.tex").write_text(DOCUMENT)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "Overfull \\hbox" not in run.stdout
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")
