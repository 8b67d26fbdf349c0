"""A demonstration repeated on a stand-in: compared, drawn, and said not to be comparable."""

import json

import h5py
import pandas as pd

from workflow.conftest import TISSUE

SECTION = {
    "title": "STAGUE's demonstration",
    "method": "stague",
    "dataset": "V1",
    "source": "deepomicslab/STAGUE",
    "stand_in": "tissue",
    "seed": 0,
    "epochs": 150,
    "clusterer": "kmeans",
    "reported": "STAGUE's Visualization.ipynb, its demonstration settings, "
    "read from a picture's title",
}
INTERACTIONS = (
    "interactions={graph: raw, threshold: 0.5, threshold_by: value, shuffles: 10, reach: 15}"
)


def test_the_stand_in_is_compared_drawn_and_named(workflow):
    done = workflow.run(
        f"datasets=[{TISSUE}]",
        "methods=[stague]",
        "seeds=[0]",
        "clusterers=[kmeans]",
        "params={stague: {epochs: 3, hidden_dim: 32, exp_out: 32}}",
        INTERACTIONS,
        "refine=6",
        f"demonstrations={json.dumps([SECTION])}",
        args=("results/default/demo",),
    )
    assert done.returncode == 0, done.stdout
    folder = workflow.folder / "results/default/demo"
    table = pd.read_csv(folder / "comparison.csv")
    assert list(table["metric"]) == ["ARI", "AMI"]
    assert list(table["published"]) == [0.642, 0.725]
    assert table["measured"].notna().all() and set(table["verdict"]) == {"not comparable"}
    assert set(table["dataset"]) == {"tissue"} and set(table["epochs"]) == {3}
    told = " ".join((folder / "comparison.txt").read_text().split())
    assert "NOT COMPARABLE: tissue took the place of V1: other cells, other labels" in told
    assert "V1: not among the datasets of this run" in told
    assert "trained for 3 epochs, the published run for 150" in told
    assert told in " ".join(done.stdout.split())  # the run ends with it
    pictures = {f"stague_tissue_{what}" for what in ("domains", "embedding", "interactions")}
    assert {path.stem for path in folder.glob("*.png")} == pictures
    assert {path.stem for path in folder.glob("*.pdf")} == pictures
    fit = workflow.folder / "results/fits/tissue/stague/seed0"
    with h5py.File(fit / "epoch_labels.h5") as file:
        assert json.loads(file.attrs["settings"])["refine"] == 6
