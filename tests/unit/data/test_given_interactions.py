"""True interactions in a file of the user: used whole, or refused in one line."""

import anndata
import h5py
import numpy as np
import pytest
import scipy.sparse as sp

from helpers.own_sections import GENES, N, tissue
from stbench.common.errors import InputError
from stbench.config.own_files import with_file
from stbench.config.registry import dataset_entry
from stbench.data.own_files import own_dataset
from stbench.platforms import anndata_store


def made(path, adata, **options):
    adata.write_h5ad(path)
    section = {"id": "mine", "path": str(path), "n_domains": 4, **options}
    return own_dataset(with_file(dataset_entry(section, {})))


def with_truth(directed: bool) -> anndata.AnnData:
    adata = tissue()
    adata.obs["type"] = np.where(np.arange(N) % 2, "a", "b")
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    matrix = sp.lil_matrix((N, N))
    matrix[pairs[:, 0], pairs[:, 1]] = 2.0
    matrix[9, 9] = 1
    if not directed:
        matrix = matrix + matrix.T
    adata.obsp["true_interactions"] = sp.csr_matrix(matrix)
    adata.uns["true_triples"] = {
        "sender_type": np.array(["a"]),
        "receiver_type": np.array(["b"]),
        "ligand": np.array(["gene0"]),
        "receptor": np.array(["gene1"]),
        "targets": np.array([["gene2", "gene3"]]),
        "radius": 5.0,
    }
    return adata


@pytest.mark.parametrize("directed", [True, False])
def test_pairs_count_in_both_directions_and_keep_their_cells(tmp_path, directed):
    adata = with_truth(directed)
    adata.obs["in_tissue"] = (np.arange(N) != 7).astype(int)
    data = made(tmp_path / "a.h5ad", adata, celltype="type")
    matrix = data.obsp["true_interactions"]
    assert (matrix != matrix.T).nnz == 0 and set(matrix.data) == {1.0}
    ends = {frozenset(data.obs_names[list(pair)]) for pair in zip(*matrix.nonzero(), strict=True)}
    assert ends == {frozenset({f"cell{i}", f"cell{i + 1}"}) for i in (0, 2, 4)}
    said = "of 3 true interactions have one direction; both are used"
    assert (said in data.uns["dataset"]["note"]) == directed
    triples = data.uns["true_triples"]
    assert triples["targets"].tolist() == [["gene2", "gene3"]] and triples["radius"] == 5
    assert triples["sender_type"].tolist() == ["a"] and "effect" not in triples


def test_a_section_without_the_interactions_of_its_file_is_kept_without_a_truth(tmp_path):
    adata = with_truth(directed=False)
    adata.obs["half"] = np.where(np.arange(N) < N // 2, "one", "other")
    whole = made(tmp_path / "a.h5ad", adata, celltype="type", section={"half": "one"})
    assert whole.obsp["true_interactions"].nnz
    for change in ("pairs", "types"):
        if change == "types":
            adata.obs["type"] = np.where(adata.obs["half"] == "one", adata.obs["type"], "c")
            adata.obsp["true_interactions"][N - 1, N - 2] = 1
        other = made(tmp_path / "a.h5ad", adata, celltype="type", section={"half": "other"})
        assert "true_interactions" not in other.obsp and "true_triples" not in other.uns
        assert "true interactions left out: " in other.uns["dataset"]["note"]
    adata.uns["true_triples"]["ligand"] = np.array(["gene0x"])
    with pytest.raises(InputError, match="the dataset has no gene 'gene0x'"):  # a mistake
        made(tmp_path / "a.h5ad", adata, celltype="type", section={"half": "one"})


def test_a_file_without_truth_has_none_however_many_its_cells(tmp_path):
    tissue().write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert anndata_store._interactions(file, 10**7, "a.h5ad") == {}
    data = made(tmp_path / "a.h5ad", tissue())
    assert not data.obsp and set(data.uns) == {"dataset"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("targets"), "no 'targets'; give sender_type"),
        (
            lambda t: t.update(ligand=np.array(["nogene"])),
            "ligand: the dataset has no gene 'nogene'",
        ),
        (lambda t: t.update(receptor=np.array(["gene1", "gene2"])), "2 values for 1 ligands"),
        (lambda t: t.update(targets=np.array(["gene2"])), "targets: one row of genes for each"),
        (lambda t: t.update(sender_type=np.array(["c"])), "no cell has the type 'c'"),
        (lambda t: t.update(effect=np.array([1.0, 2.0])), "effect: one number is needed"),
        (lambda t: t.update(radius="contact"), "radius: one number is needed"),
        (lambda t: t.update(radius=np.nan), "radius: nan is not a distance above 0"),
        (lambda t: t.update(radius=-3.0), "radius: -3 is not a distance above 0"),
        (
            lambda t: t.update({key: value[:0] for key, value in t.items() if key != "radius"}),
            "no triple; leave it out",
        ),
    ],
)
def test_triples_that_do_not_belong_to_the_data_are_refused(tmp_path, change, said):
    adata = with_truth(False)
    triples = dict(adata.uns["true_triples"])
    change(triples)
    adata.uns["true_triples"] = triples
    with pytest.raises(InputError, match=said) as error:
        made(tmp_path / "a.h5ad", adata, celltype="type")
    assert str(error.value).startswith("mine: uns['true_triples']")


def test_pairs_that_cannot_be_a_truth_are_refused(tmp_path):
    path = tmp_path / "a.h5ad"
    adata = with_truth(False)
    with pytest.raises(InputError, match="no cell has the type 'a' of obs; name its column"):
        made(path, adata)
    adata.obsp["true_interactions"] = sp.csr_matrix((N, N))
    with pytest.raises(InputError, match="no two cells interact; leave it out"):
        made(path, adata, celltype="type")
    adata.obsp["true_interactions"] = sp.csr_matrix(-np.eye(N))
    with pytest.raises(InputError, match="negative numbers or NaN"):
        made(path, adata, celltype="type")
    del adata.obsp["true_interactions"]
    with pytest.raises(InputError, match="without obsp"):
        made(path, adata, celltype="type")
    assert adata.n_vars == GENES
