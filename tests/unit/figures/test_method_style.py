"""One color and marker for each method, in every figure."""

import subprocess
import sys

import numpy as np
import pytest
import yaml

from helpers.color_vision import SEEN_BY, as_lab
from stbench.common.paths import CONFIG, SCRIPTS
from stbench.figures.method_style import (
    CONTROL_MARKERS,
    METHOD_COLORS,
    METHOD_MARKERS,
    method_styles,
)

ENTRIES = {
    name: entry
    for file in ("methods.yaml", "deconvolution_methods.yaml")
    for name, entry in yaml.safe_load((CONFIG / file).read_text(encoding="utf-8")).items()
}


def test_no_two_methods_look_the_same_and_controls_have_their_own_markers():
    styles = method_styles(ENTRIES)
    assert len(set(styles.values())) == len(ENTRIES)
    for name, style in styles.items():
        others = METHOD_MARKERS if ENTRIES[name].get("control") else CONTROL_MARKERS
        assert style.marker not in others, name


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_the_colors_of_methods_are_distinguishable_with_color_blindness(eyes):
    lab = as_lab(METHOD_COLORS, SEEN_BY[eyes])
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    assert distances[~np.eye(len(lab), dtype=bool)].min() > 34


def test_a_style_depends_on_the_id_alone():
    alone, among = method_styles(["mine"])["mine"], method_styles([*ENTRIES, "mine"])
    assert alone == among["mine"] and alone not in set(method_styles(ENTRIES).values())
    assert method_styles(["stague__k_5"])["stague__k_5"] == among["stague"]


def test_the_report_can_use_the_styles_without_matplotlib():
    code = "import sys, stbench.figures.method_style as m; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, check=True)
