"""Preprocessing of a dataset for all methods: normalization, components, removal of truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import InputError
from stbench.graphs.neighbors import knn

if TYPE_CHECKING:
    from anndata import AnnData

KINDS = ("counts", "intensities", "features")
N_COMPONENTS = 30
N_NEIGHBORS = 15
N_VARIABLE_GENES = 3000

_EXACT_PCA_GENES = 2000
# The description of a dataset that methods get. Titles and file names are left out: they would
# change the content although the cells are the same.
_PASSED_ON = (
    *("id", "status", "reason", "kind", "n_domains", "dropped_cells"),
    *("hvg", "filter_cell", "norm_target"),
)
_LEAST_VARYING = 4  # with fewer, the local regression of seurat_v3 ends the process


def preprocess(adata: AnnData) -> AnnData:
    """Preprocess a dataset as STAGUE does and remove the truth.

    A dataset that is not available (no cells, ``uns['dataset']['status']`` is ``error``) is passed
    on unchanged, so that the tables show its reason.

    Args:
        adata: a dataset; ``uns['dataset']`` holds its ``kind`` (``counts``, ``intensities`` or
            ``features``) and its settings ``hvg``, ``filter_cell`` and ``norm_target``.

    Returns:
        The same cells and genes: ``layers['counts']`` (X of the dataset), ``X`` (log-normalized CSR
        float32; features: unchanged), ``var['kept']`` and ``var['highly_variable']``,
        ``obsm['X_pca']`` (n, at most 30) float32, ``obsm['spatial']`` (n, 2) float64,
        ``obsp['spatial_distances']`` (15 nearest others), ``uns['dataset']`` and, for joined
        sections, ``obs['section']``.

    Raises:
        InputError: the settings do not match the data.
    """
    from anndata import AnnData

    settings = _settings_without_labels(adata)
    columns = [column for column in ("section",) if column in adata.obs]
    cells, genes = adata.obs[columns].copy(), adata.var[[]].copy()
    if settings.get("status") == "error":
        return AnnData(np.zeros(adata.shape, np.float32), cells, genes, uns={"dataset": settings})
    name = settings.get("id", "dataset")
    _check(adata, settings, name)

    if settings["kind"] == "features":
        counts = normalized = adata.X.astype(np.float32)
        genes["kept"] = genes["highly_variable"] = np.ones(adata.n_vars, bool)
    else:
        counts = sp.csr_matrix(adata.X, dtype=np.float32)
        genes["kept"], genes["highly_variable"] = _choose_genes(counts, settings, name)
        kept = genes["kept"].to_numpy()
        normalized = log_normalize(counts, kept, float(settings.get("norm_target", 0)))

    clean = AnnData(normalized, cells, genes, uns={"dataset": settings})
    clean.layers["counts"] = counts
    clean.obsm["X_pca"] = principal_components(normalized[:, genes["highly_variable"].to_numpy()])
    clean.obsm["spatial"] = np.asarray(adata.obsm["spatial"], dtype=np.float64)
    clean.obsp["spatial_distances"] = spatial_distances(clean.obsm["spatial"])
    return clean


def failed_preprocessing(adata: AnnData, reason: str) -> AnnData:
    """A substitute for a preprocessed dataset: its cells without values, and the reason.

    Every method then reports the reason, and the scores refer to the same cells.
    """
    from anndata import AnnData

    name = adata.uns.get("dataset", {}).get("id", "")
    facts = {"id": name, "status": "error", "reason": reason}
    empty = sp.csr_matrix(adata.shape, dtype=np.float32)
    return AnnData(empty, adata.obs[[]].copy(), adata.var[[]].copy(), uns={"dataset": facts})


def _settings_without_labels(adata: AnnData) -> dict[str, Any]:
    """The kept part of ``uns['dataset']``, without arrays, which could contain labels of cells."""
    if "dataset" not in adata.uns:
        raise InputError("uns['dataset'] is missing; create the dataset with scripts/prepare.py")
    settings = adata.uns["dataset"]
    return {
        key: settings[key]
        for key in _PASSED_ON
        if key in settings and (key == "n_domains" or np.ndim(settings[key]) == 0)
    }


def _check(adata: AnnData, settings: dict[str, Any], name: str) -> None:
    """Raise InputError if the settings do not match the data."""
    kind, hvg = settings.get("kind"), bool(settings.get("hvg", False))
    if kind not in KINDS:
        raise InputError(f"{name}: kind '{kind}' is unknown; it must be {', '.join(KINDS)}")
    if hvg and kind != "counts":
        raise InputError(f"{name}: hvg chooses genes on counts, not on {kind}; set hvg to false")
    if min(adata.shape) < 2:
        size = f"{adata.n_obs} cells x {adata.n_vars} genes"
        raise InputError(f"{name}: {size} is too small; at least 2 of both are needed")
    if np.min(settings.get("n_domains", 2)) < 2:  # a part of a tissue may lack other domains
        raise InputError(
            f"{name}: n_domains: {np.min(settings['n_domains'])}, as the labels of these cells; at "
            "least 2 are needed: use more cells, or set n_domains"
        )


def _choose_genes(
    counts: sp.csr_matrix, settings: dict[str, Any], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the genes that count in a cell's total, and of the genes that STAGUE uses.

    Without ``hvg``: all genes; otherwise the preprocessing of Nie et al., Advanced Science 2024.
    """
    n_genes = counts.shape[1]
    if not settings.get("hvg", False):
        return np.ones(n_genes, bool), np.ones(n_genes, bool)
    filter_cell = int(settings.get("filter_cell", 0))
    kept = np.asarray((counts > 0).sum(axis=0)).ravel() >= filter_cell
    if kept.sum() < 2:
        raise InputError(
            f"{name}: {kept.sum()} genes are detected in {filter_cell} cells or more; "
            "lower filter_cell"
        )
    variable = kept.copy()
    if kept.sum() > N_VARIABLE_GENES:
        variable[kept] = _seurat_v3(counts[:, kept], name)
    return kept, variable


def _seurat_v3(counts: sp.csr_matrix, name: str) -> np.ndarray:
    """Mask of the 3000 genes with the largest standardized variance (Stuart et al. 2019)."""
    import scanpy as sc
    from anndata import AnnData

    varying = int((counts.max(axis=0) != counts.min(axis=0)).sum())
    if varying < _LEAST_VARYING:
        raise InputError(
            f"{name}: seurat_v3 cannot choose genes here ({varying} genes vary); set hvg to false"
        )
    try:
        table = sc.pp.highly_variable_genes(
            AnnData(counts), flavor="seurat_v3", n_top_genes=N_VARIABLE_GENES, inplace=False
        )
    except ValueError as error:  # the local regression has too few different means
        raise InputError(
            f"{name}: seurat_v3 cannot choose genes ({error}); set hvg to false"
        ) from error
    return table["highly_variable"].to_numpy()


def log_normalize(counts: sp.csr_matrix, kept: np.ndarray, target: float) -> sp.csr_matrix:
    """Scale every cell to the same total over the kept genes, then log(1 + x).

    Args:
        counts: (n, genes) non-negative.
        kept: (genes,) bool, the genes whose sum is the total.
        target: the total to scale to; 0: the median of the totals above zero.

    Returns:
        (n, genes) CSR float32; a cell without counts in kept genes has only zeros.
    """
    totals = np.asarray(counts @ kept.astype(np.float64)).ravel()
    seen = totals > 0
    if target <= 0:
        target = float(np.median(totals[seen])) if seen.any() else 1.0
    factors = np.divide(target, totals, out=np.zeros_like(totals), where=seen)
    scaled = sp.csr_matrix(sp.diags_array(factors) @ counts)
    scaled.eliminate_zeros()
    scaled.sum_duplicates()
    return sp.csr_matrix(scaled.log1p(), dtype=np.float32)


def principal_components(values: sp.csr_matrix | np.ndarray) -> np.ndarray:
    """The first 30 principal components, centered and not scaled, computed in float64.

    Exact by the covariance matrix for up to 2000 columns; above that by Lanczos iteration to
    machine precision from a fixed start. Signs are fixed by each component's largest loading.

    Returns:
        (n, min(30, n - 1, columns - 1)) float32.
    """
    from sklearn.decomposition import PCA

    n_cells, n_genes = values.shape
    solver = "covariance_eigh" if n_genes <= _EXACT_PCA_GENES else "arpack"
    pca = PCA(min(N_COMPONENTS, n_cells - 1, n_genes - 1), svd_solver=solver, random_state=0)
    return pca.fit_transform(values.astype(np.float64)).astype(np.float32)


def spatial_distances(coords: np.ndarray) -> sp.csr_matrix:
    """Distances to the 15 nearest other cells, in the unit of the coordinates.

    Returns:
        (n, n) CSR, one row per cell; cells at the same position are stored as explicit zeros.
    """
    distances, indices = knn(coords, N_NEIGHBORS)
    n, k = indices.shape
    graph = sp.csr_matrix((distances.ravel(), indices.ravel(), np.arange(0, n * k + 1, k)), (n, n))
    graph.sort_indices()
    return graph
