"""The command of ``make compare``: one method beside shipped results."""

import json
import sys

import pytest

from helpers.programs import run_here
from stbench.common.paths import SCRIPTS

NOTE = "import json, sys; json.dump(sys.argv[1:], open('words.json', 'w'))"


@pytest.fixture
def compare(tmp_path):
    """Runs the program in an empty folder; its command notes there the words that it gets."""

    def run(*words, command=NOTE):
        words += ("--", sys.executable, "-c", command, "--cores", "2")
        return run_here(SCRIPTS / "compare.py", *words, cwd=tmp_path)

    return run


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("stague",), ["name=compare_stague", 'methods=["stague", "smoothed_pca"]']),
        (
            ("mine", "--external", "a folder"),
            ["name=compare_mine", 'methods=["smoothed_pca"]', 'external={"mine": "a folder"}'],
        ),
        (
            ("pca", "--datasets", "BZ5", "BZ9"),
            [
                *("name=compare_pca", 'methods=["pca", "smoothed_pca"]'),
                'datasets=["BZ5", "BZ9"]',
            ],
        ),
    ],
)
def test_the_command_gets_the_method_the_control_and_the_name(compare, tmp_path, words, values):
    done = compare("--method", *words)
    assert done.returncode == 0, done.stderr
    seen = json.loads((tmp_path / "words.json").read_text())
    assert seen == ["--cores", "2", "--config", *values]


def test_an_unknown_method_is_one_line_and_nothing_runs(compare, tmp_path):
    done = compare("--method", "stauge")
    assert done.returncode == 1 and not (tmp_path / "words.json").exists()
    assert done.stderr == (
        "error: stauge: unknown method (did you mean 'stague'?); "
        "docs/add-a-method.md says how to add it\n"
    )


def test_the_control_of_every_comparison_is_no_method_to_compare(compare, tmp_path):
    done = compare("--method", "smoothed_pca")
    assert done.returncode == 1 and not (tmp_path / "words.json").exists()
    assert "this control is run in every comparison; name another METHOD" in done.stderr


def test_a_dataset_without_shipped_results_is_refused_before_the_run(compare, tmp_path):
    done = compare("--method", "pca", "--datasets", "BZ5", "Stereo-seq")
    assert done.returncode == 1 and not (tmp_path / "words.json").exists()
    assert done.stderr.startswith("error: Stereo-seq: no results of it are shipped; DATASETS: ")


def test_a_run_that_fails_ends_with_its_code(compare):
    assert compare("--method", "pca", command="import sys; sys.exit(3)").returncode == 3
