"""The recipe of a job has the inputs whose change must make its files again."""

import re
from types import SimpleNamespace

import pytest

from stbench.common.paths import PROJECT
from stbench.runs.retry import remove_outdated


def recipe_of(rule):
    """The text of the recipe of a rule, with the lists of inputs that it names."""
    text = (PROJECT / f"rules/{rule}.smk").read_text()
    recipe = re.search(r"\n +recipe=.*?\n        \w[^\n]*=untracked", text, re.DOTALL)[0]
    lists = re.findall(r"^([A-Z_]+) = (\[.*?^\])", text, re.DOTALL | re.MULTILINE)
    return recipe + "".join(content for name, content in lists if name in recipe)


@pytest.mark.parametrize(
    ("rule", "needed"),
    [
        ("demo", "interactions"),
        ("markers", "data"),  # without requested genes, no other path depends on it
        ("markers", "preprocessed"),
    ],
)
def test_inputs_are_in_the_recipe(rule, needed):
    assert f"LAYOUT.{needed}(" in recipe_of(rule)


def test_tables_that_jobs_of_a_cluster_will_make_again_are_removed_first(tmp_path):
    made = [tmp_path / name for name in ("tables", "summary.txt", "fits")]
    for path in made:
        path.mkdir()
        (path / "file").write_text("of an earlier configuration")
    jobs = [
        SimpleNamespace(params={"recipe": "x"}, output=[*map(str, made[:2]), tmp_path / "missing"]),
        SimpleNamespace(params={"program": "fit.py"}, output=[str(made[2])]),
    ]
    remove_outdated(jobs)
    assert [path.exists() for path in made] == [False, False, True]
