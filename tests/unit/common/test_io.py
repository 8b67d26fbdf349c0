"""What is written is whole, where the user wants it, and read as it was written."""

import pandas as pd
import pytest

from stbench.common.io import atomic_directory, read_csv, write_csv


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_a_link_is_written_where_the_link_leads(tmp_path, there):
    link, target = tmp_path / "results/figures", tmp_path / "disk/figures"
    link.parent.mkdir()
    link.symlink_to(target)
    if there:
        target.mkdir(parents=True)
        (target / "old").touch()
    with atomic_directory(link) as folder:
        (folder / "new").touch()
    assert link.is_symlink()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in link.parent.iterdir()] == ["figures"]


def test_ids_that_look_like_numbers_or_like_nothing_stay_what_they_are(tmp_path):
    table = pd.DataFrame({"dataset": ["007", "1e3", "NA"], "method": "pca", "mean": [1, None, 0.5]})
    write_csv(table, tmp_path / "table.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "table.csv"), table, check_dtype=False)
    markers = pd.DataFrame({"labels": ["truth"] * 2, "domain": ["None", "1"], "gene": ["nan", "B"]})
    write_csv(markers, tmp_path / "markers.csv")  # nan is a gene of the fly
    pd.testing.assert_frame_equal(read_csv(tmp_path / "markers.csv"), markers, check_dtype=False)
