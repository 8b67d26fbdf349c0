"""What others bring is taken as it is or refused in one line; nothing is unpickled."""

import json
import pickle
import re

import anndata
import numpy as np
import pytest
import scipy.sparse as sp

from helpers.programs import run_here
from helpers.supervised import preprocessed
from stbench.common.errors import CRASH, InputError, NotApplicableError
from stbench.common.paths import PROJECT
from stbench.config.external import result_folder, seeds_given
from stbench.fitting.external_result import read_result

CELLS = np.array(["a", "b", "c", "d"])
EMBEDDING = np.arange(8.0).reshape(4, 2)
GRAPH = sp.csr_matrix(([0.5, 0.5, 2, 2], ([0, 1, 1, 3], [1, 0, 3, 1])), shape=(4, 4))


def put(folder, **files):
    """Write files: labels and cells as text, embedding and graph as arrays of ``CELLS``."""
    folder.mkdir(parents=True, exist_ok=True)
    if not files.keys().isdisjoint(("embedding", "graph")):
        files.setdefault("cells", "\n".join(CELLS))
    for name, content in files.items():
        if name in ("labels", "cells"):
            (folder / f"{name}.tsv").write_text(content)
        elif name == "embedding":
            np.save(folder / "embedding.npy", content)
        else:
            sp.save_npz(folder / "graph.npz", content)
    return folder


@pytest.mark.parametrize("header", ["", "cell\tlabel\n", "\tleiden\n"])
def test_labels_are_put_in_the_order_of_the_cells(tmp_path, header):
    put(tmp_path, labels=header + "c\tL2\na\tL1\r\nd\tL10\n\nb\tL2\n")
    fit = read_result(tmp_path, CELLS)
    assert fit.labels.tolist() == [0, 2, 2, 1] and fit.embedding is None


def test_rows_are_put_in_the_order_of_the_cells(tmp_path):
    order = [2, 0, 3, 1]
    other = put(
        tmp_path,
        embedding=EMBEDDING[order].astype(int),
        graph=GRAPH[order][:, order],
        cells="\n".join(CELLS[order]),
    )
    named = read_result(other, CELLS)
    np.testing.assert_array_equal(named.embedding, EMBEDDING)
    assert (named.adj_raw != GRAPH).nnz == 0


@pytest.mark.parametrize("name", ["embedding.npy", "graph.npz"])
def test_rows_without_names_are_refused(tmp_path, name):
    """The dataset is shuffled: they could be of other cells."""
    put(tmp_path, labels="a\t1\nb\t1\nc\t2\nd\t2\n", embedding=EMBEDDING, graph=GRAPH)
    (tmp_path / "cells.tsv").unlink()
    other = {"embedding.npy": "graph.npz", "graph.npz": "embedding.npy"}[name]
    (tmp_path / other).unlink()
    with pytest.raises(InputError, match=re.escape(f"{name}: name the cells of its rows in cells")):
        read_result(tmp_path, CELLS)


def with_nan():
    values = EMBEDDING.copy()
    values[1, 0] = np.nan
    return values


BAD = {
    "missing cells": ({"labels": "a\t1\nb\t1\nc\t2\n"}, "1 of 4 cells are missing, such as 'd'"),
    "unknown cells": ({"labels": "a\t1\nb\t1\nc\t2\nd\t1\ne\t1"}, "1 of 4 cells are not of this"),
    "duplicates": ({"labels": "a\t1\nb\t1\nc\t2\nd\t1\na\t1"}, "1 of 4 cells are named twice"),
    "no label": ({"labels": "a\t1\nb\t\nc\t2\nd\t1"}, "the cell 'b' has no label"),
    "nan label": ({"labels": "a\t1\nb\tNaN\nc\t2\nd\t1"}, "the cell 'b' has no label"),
    "commas": ({"labels": "a,1\nb,1\n"}, "line 1 has 1 columns, not 2"),
    "empty": ({"labels": ""}, "4 of 4 cells are missing"),
    "nothing": ({"cells": "a"}, "neither labels.tsv nor embedding.npy"),
    "too few rows": ({"embedding": EMBEDDING[:3]}, "the embedding has the shape (3, 2), not (4, "),
    "one dimension": ({"embedding": EMBEDDING[:, 0]}, "the embedding has the shape (4,)"),
    "no columns": ({"embedding": EMBEDDING[:, :0]}, "the embedding has the shape (4, 0)"),
    "nan": ({"embedding": with_nan()}, "the embedding of 1 of 4 cells is not finite"),
    "texts": ({"embedding": np.full((4, 2), "x")}, "embedding.npy: holds <U1, not real numbers"),
    "complex": ({"embedding": EMBEDDING * 1j}, "not real numbers"),
    "row names": ({"embedding": EMBEDDING, "cells": "a\nb\nc\nx"}, "cells.tsv: 1 of 4 cells are"),
    "graph alone": ({"graph": GRAPH}, "neither labels.tsv nor embedding.npy"),
    "directed": (
        {"embedding": EMBEDDING, "graph": sp.triu(GRAPH).tocsr()},
        "graph.npz: not symmetric (two directions of a pair differ by up to 2)",
    ),
    "other graph": (
        {"embedding": EMBEDDING, "graph": GRAPH[:3, :3]},
        "graph.npz: the graph has the shape (3, 3), not (4, 4)",
    ),
    "nan graph": (
        {"embedding": EMBEDDING, "graph": GRAPH * np.nan},
        "graph.npz: the graph has values that are not finite",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, name):
    files, message = BAD[name]
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_result(put(tmp_path / "mine", **files), CELLS)
    assert str(tmp_path / "mine") in str(caught.value) and "\n" not in str(caught.value)


class Bomb:
    """Writes a file where it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("name", ["embedding.npy", "graph.npz", "labels.tsv", "cells.tsv"])
def test_a_pickle_is_never_loaded(tmp_path, name):
    put(tmp_path, embedding=EMBEDDING)
    trap = tmp_path / "sprung"
    as_array = np.array([Bomb(trap)], dtype=object)
    with (tmp_path / name).open("wb") as file:
        if name == "embedding.npy":
            np.save(file, as_array, allow_pickle=True)
        elif name == "graph.npz":
            arrays = {"format": as_array, "shape": as_array, "data": as_array}
            np.savez(file, **arrays, allow_pickle=True)
        else:
            pickle.dump(Bomb(trap), file)
    with pytest.raises(InputError, match=re.escape(name)):
        read_result(tmp_path, CELLS)
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(trap)))
    with pytest.raises(InputError, match=re.escape(name)):
        read_result(tmp_path, CELLS)
    assert not trap.exists()


def test_one_result_counts_for_one_seed_and_folders_for_each(tmp_path):
    assert seeds_given(tmp_path, "BZ5", [3, 4]) == [3]
    put(tmp_path / "BZ5", embedding=EMBEDDING)
    assert seeds_given(tmp_path, "BZ5", [3, 4]) == [3]
    assert result_folder(tmp_path, "BZ5", 3) == tmp_path / "BZ5"
    put(tmp_path / "BZ9/seed3", embedding=EMBEDDING)
    assert seeds_given(tmp_path, "BZ9", [3, 4]) == [3, 4]
    absent = result_folder(tmp_path, "BZ9", 4)
    with pytest.raises(NotApplicableError, match=r"no result given: .*BZ9/seed4"):
        read_result(absent, CELLS)
    put(tmp_path / "BZ9", embedding=EMBEDDING)
    with pytest.raises(InputError, match="files beside folders of seeds"):
        read_result(tmp_path / "BZ9/seed3", CELLS)


def run_import(tmp_path, result, data):
    command = [PROJECT / "scripts/import_result.py", "--result", result]
    command += ["--preprocessed", data, "--dataset", "D", "--method", "rival"]
    command += ["--output", tmp_path / "fit"]
    done = run_here(*command)
    return done, json.loads((tmp_path / "fit/status.json").read_text())


def test_the_program_leaves_what_training_leaves(tmp_path):
    data = preprocessed(tmp_path / "D.h5ad")
    cells = "\n".join(anndata.read_h5ad(data).obs_names)
    result = put(tmp_path / "mine", embedding=np.ones((30, 2)), cells=cells)
    done, status = run_import(tmp_path, result, data)
    assert done.returncode == 0, done.stderr
    assert (status["status"], status["seconds"], status["host"]) == ("ok", None, "")
    fit = anndata.read_h5ad(tmp_path / "fit/fit.h5ad")
    assert fit.obsm["embedding"].shape == (30, 2)
    files = list(json.loads(fit.uns["fit"]["info"])["files"])
    assert files == ["cells.tsv", "embedding.npy"]


def test_the_program_records_what_is_wrong(tmp_path):
    data = preprocessed(tmp_path / "D.h5ad")
    done, status = run_import(tmp_path, put(tmp_path / "mine", embedding=EMBEDDING), data)
    assert done.returncode == 0 and status["status"] == "error"
    assert "cells.tsv: " in status["reason"] and "of 30 cells are" in status["reason"]
    assert [path.name for path in (tmp_path / "fit").iterdir()] == ["status.json"]

    lost = preprocessed(tmp_path / "lost.h5ad", status="error", reason="ask the authors")
    _, status = run_import(tmp_path, tmp_path / "mine", lost)
    assert (status["status"], status["reason"]) == ("not_applicable", "ask the authors")


def test_the_program_records_how_it_crashed_before(tmp_path, monkeypatch):
    data = preprocessed(tmp_path / "D.h5ad")
    monkeypatch.setenv(CRASH, "the program crashed (SIGSEGV)")
    _, status = run_import(tmp_path, tmp_path / "mine", data)
    assert (status["status"], status["reason"]) == ("error", "the program crashed (SIGSEGV)")


# Cells without expression are dropped; a result of the whole file names them all the same.


def test_a_result_of_all_cells_is_taken_without_those_that_were_dropped(tmp_path):
    order = ["x", "c", "a", "y", "d", "b"]
    values, graph = np.arange(12.0).reshape(6, 2), sp.csr_matrix(np.ones((6, 6)))
    labels = "".join(f"{cell}\t{cell.upper()}\n" for cell in order)
    put(tmp_path, labels=labels, embedding=values, graph=graph, cells="\n".join(order))
    fit = read_result(tmp_path, CELLS, dropped=2)
    np.testing.assert_array_equal(fit.embedding, values[[2, 5, 1, 4]])
    assert fit.labels.tolist() == [0, 1, 2, 3] and fit.adj_raw.shape == (4, 4)
    assert fit.info == {"left_out": ["x", "y"]}
    with pytest.raises(InputError, match="2 of 4 cells are not of this dataset, such as 'x'"):
        read_result(tmp_path, CELLS, dropped=1)


def test_the_program_names_who_was_left_out(tmp_path):
    data = preprocessed(tmp_path / "D.h5ad")
    adata = anndata.read_h5ad(data)
    adata.uns["dataset"]["dropped_cells"] = 1
    adata.write_h5ad(data)
    names = [*adata.obs_names, "empty"]
    labels = "".join(f"{name}\t{row % 2}\n" for row, name in enumerate(names))
    _, status = run_import(tmp_path, put(tmp_path / "mine", labels=labels), data)
    assert status["status"] == "ok"
    assert status["note"].endswith("; cells without expression left out: empty")
