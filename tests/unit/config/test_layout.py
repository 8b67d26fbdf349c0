"""The layout of results: one module knows it."""

import re
from pathlib import Path

from stbench.common.paths import PROJECT
from stbench.config.layout import SHARED, Layout


def test_only_the_layout_knows_the_folders_of_results():
    """No other file joins a path of the folder of results, or of a folder that is shared."""
    folders = "|".join(SHARED)
    joined = re.compile(rf"""["']results/\w|/ ["']({folders})["']""")
    files = [*PROJECT.glob("rules/**/*.smk"), *PROJECT.glob("scripts/**/*.py")]
    found = {
        f"{path.name}: {line.strip()}"
        for path in [*files, PROJECT / "Snakefile"]
        for line in path.read_text().splitlines()
        if path.name != "layout.py" and joined.search(line)
    }
    assert not found


def test_shared_paths_do_not_depend_on_the_configuration_and_own_ones_do():
    one, other = Layout(Path("r"), "one"), Layout(Path("r"), "other")
    assert one.fit("d", "m", 0) == other.fit("d", "m", 0) == Path("r/fits/d/m/{key}/seed0")
    assert one.attempts("d", "m", 0) == one.attempts_of(one.fit("d", "m", 0))
    assert one.tables != other.tables and one.tables.parent == one.own
    shared = [one.raw("d"), one.data("d"), one.pair("d", "spots"), one.truth("d")]
    shared += [one.preprocessed("d"), one.fit("d", "m", 0), one.labels("d", "m")]
    shared += [one.epochs("d", "m"), one.scores("d", "m"), one.interactions("d", "m")]
    shared += [one.communication("d", "liana")]
    shared += [one.integration("d", "m"), one.log("a"), one.attempts("d", "m", 0)]
    assert {path.parts[1] for path in shared} == set(SHARED)
