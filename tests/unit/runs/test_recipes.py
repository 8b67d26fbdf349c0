"""The recipe of a job has the inputs whose change must make its files again."""

import re

import pytest

from stbench.common.paths import PROJECT


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
