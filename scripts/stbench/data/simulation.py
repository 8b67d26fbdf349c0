"""Simulated tissues with true domains.

A tissue is simulated in four steps: positions of cells, the domain of each position, the type of
each cell, and its expression. A domain has two effects, both scaled by ``contrast``: it has its own
mixture of cell types, and it shifts some genes in all of its cells. Counts are negative binomial
with log-normal library sizes. Interactions between cells can be planted in addition
(``stbench.data.planted_interactions``); positions, domains and types do not depend on them.

Replicate sections (``section`` 1, 2, ...) of one seed share the domains' mixtures of types and the
expression of types and domains. They differ in positions, shapes, cells, counts, and in a shift of
every gene that is common to a section's cells, the batch effect.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stbench.common.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp
    from anndata import AnnData

    from stbench.data.planted_interactions import Planted

# Chosen so that PCA alone scores low and averaging over neighbors scores high, but below 1.
_BASE_SD = 1.0  # of the genes' log means
_MARKER_SHARE, _MARKER_SD = 0.15, 1.2  # genes that mark a cell type, and by how much (log)
_SHIFT_SHARE, _SHIFT_SD = 0.15, 0.6  # genes that a domain shifts, and by how much (log)
_MIXTURE = 3.0  # concentration of the domains' cell-type mixtures at contrast 1
_COUNTS_PER_GENE = 1.5
_LIBRARY_SD = 0.35
_DISPERSION = (0.2, 1.0)  # variance = mean + dispersion * mean^2
_VALUES_AT_ONCE = 4_000_000
_PLANTING = ("n_triples", "n_targets", "effect", "radius")
_REPLICATION = ("section", "section_effect")


@dataclass(frozen=True)
class Tissue:
    """Parameters of a simulated tissue.

    Attributes:
        layout: ``layers``, ``rings``, ``islands`` (blobs in a background) or ``mosaic`` (patches).
        n_cells, n_genes, n_domains, n_types: sizes.
        contrast: size of the differences between domains; 0: none.
        dropout: share of the counts that are set to zero.
        density: cells per unit of area.
        seed: of all random numbers.
        n_triples: planted ligand-receptor-target triples; with 0 the next three are not used.
        n_targets: target genes of each triple.
        effect: increase (log) of the targets in a triggered receiver.
        radius: reach of a sender, in the unit of the coordinates, which at density 1 is the mean
            spacing of the cells.
        section: number of the replicate section of the seed's tissue; 0: an independent tissue.
        section_effect: standard deviation of the log shift of each gene in a replicate section,
            the same in all of its cells.
    """

    layout: str = "layers"
    n_cells: int = 600
    n_genes: int = 200
    n_domains: int = 5
    n_types: int = 6
    contrast: float = 1.0
    dropout: float = 0.0
    density: float = 1.0
    seed: int = 0
    n_triples: int = 0
    n_targets: int = 5
    effect: float = 1.0
    radius: float = 1.3
    section: int = 0
    section_effect: float = 0.0

    def __post_init__(self) -> None:
        def demand(valid: bool, name: str, rule: str) -> None:
            if not valid:
                raise InputError(f"simulation: {name} is {getattr(self, name)}; it must be {rule}")

        demand(self.layout in LAYOUTS, "layout", f"one of {', '.join(LAYOUTS)}")
        demand(self.n_domains >= 2, "n_domains", "at least 2")
        demand(self.n_cells >= self.n_domains, "n_cells", f"at least n_domains, {self.n_domains}")
        demand(self.n_genes >= 2, "n_genes", "at least 2")
        demand(self.n_types >= 1, "n_types", "at least 1")
        demand(0 <= self.contrast < math.inf, "contrast", "0 or a positive number")
        demand(0 <= self.dropout < 1, "dropout", "at least 0 and below 1")
        demand(0 < self.density < math.inf, "density", "a positive number")
        demand(self.seed >= 0, "seed", "0 or a positive integer")
        demand(self.n_targets >= 1, "n_targets", "at least 1")
        demand(0 <= self.effect < math.inf, "effect", "0 or a positive number")
        demand(0 < self.radius < math.inf, "radius", "a positive number")
        most = self.n_genes // 2 // (2 + self.n_targets)
        demand(0 <= self.n_triples <= most, "n_triples", f"0 to {most} with {self.n_genes} genes")
        demand(self.section >= 0, "section", "0 or a positive integer")
        demand(0 <= self.section_effect < math.inf, "section_effect", "0 or a positive number")
        independent = self.section == 0
        demand(independent or self.n_triples == 0, "n_triples", "0 in a replicate section")
        demand(not (independent and self.section_effect), "section_effect", "0 without a section")


def simulate(tissue: Tissue, name: str) -> AnnData:
    """Simulate a tissue.

    Returns:
        AnnData of the dataset contract: ``X`` CSR float32 counts, ``obs['cluster']`` and
        ``obs['celltype']`` categorical, ``obsm['spatial']`` (n, 2) float64, ``uns['dataset']``.
        Every domain has a cell, and every cell a count. With planted triples also
        ``obsp['true_interactions']`` (n, n) CSR, symmetric 0/1, and ``uns['true_triples']``: names
        of ``sender_type``, ``receiver_type``, ``ligand``, ``receptor`` (t,) and ``targets`` (t, m),
        and the numbers ``effect`` and ``radius``.

    Raises:
        InputError: fewer pairs of types touch than ``n_triples``.
    """
    import pandas as pd
    from anndata import AnnData

    rng = model = np.random.default_rng(tissue.seed)
    if tissue.section:
        model = np.random.default_rng([tissue.seed, 3])
        rng = np.random.default_rng([tissue.seed, 3, tissue.section])
    unit_square = scatter_cells(tissue.n_cells, rng)
    domains = LAYOUTS[tissue.layout](unit_square, tissue.n_domains, rng)
    types = draw_types(domains, draw_mixtures(tissue, model), rng)
    coords = unit_square * math.sqrt(tissue.n_cells / tissue.density)
    expression = Expression.draw(tissue, model)
    if tissue.section:
        shift = rng.normal(0, tissue.section_effect, tissue.n_genes)
        expression = replace(expression, base=expression.base + shift)
    planted = _plant(tissue, coords, types, expression.base) if tissue.n_triples else None
    raised = planted.raised if planted else None
    counts = draw_counts(expression, domains, types, tissue.dropout, rng, raised)

    def labels(prefix: str, codes: np.ndarray, n: int) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, [f"{prefix}{i + 1}" for i in range(n)])

    observed = {
        "cluster": labels("domain", domains, tissue.n_domains),
        "celltype": labels("type", types, tissue.n_types).remove_unused_categories(),
    }
    adata = AnnData(
        counts,
        pd.DataFrame(observed, index=[f"cell{i + 1}" for i in range(tissue.n_cells)]),
        pd.DataFrame(index=[f"gene{i + 1}" for i in range(tissue.n_genes)]),
    )
    adata.obsm["spatial"] = coords
    adata.uns["dataset"] = _description(tissue, name)
    if planted:
        types_by_name = np.array([f"type{i + 1}" for i in range(tissue.n_types)], dtype=object)
        triples = planted.triples.named(types_by_name, adata.var_names.to_numpy(dtype=object))
        adata.obsp["true_interactions"] = planted.interactions
        adata.uns["true_triples"] = {**triples, "effect": tissue.effect, "radius": tissue.radius}
    return adata


def _plant(tissue: Tissue, coords: np.ndarray, types: np.ndarray, base: np.ndarray) -> Planted:
    """With its own generator: positions, domains and types are those of the tissue without it."""
    from stbench.data.planted_interactions import plant

    rng = np.random.default_rng([tissue.seed, 1])
    settings = (tissue.n_triples, tissue.n_targets, tissue.effect, tissue.radius)
    return plant(coords, types, base, *settings, rng)


def _description(tissue: Tissue, name: str) -> dict[str, str | int | float | bool]:
    settings = asdict(tissue)
    if not tissue.n_triples:
        settings = {name: value for name, value in settings.items() if name not in _PLANTING}
    if not tissue.section:
        settings = {name: value for name, value in settings.items() if name not in _REPLICATION}
    parameters = json.dumps(settings, sort_keys=True)
    return {
        "id": name,
        "technology": "simulated",
        "organism": "none",
        "unit": "arbitrary",
        "source": "simulated",
        "sha256": hashlib.sha256(parameters.encode()).hexdigest(),
        "licence": "CC0",
        "kind": "counts",
        "n_domains": tissue.n_domains,
        "has_truth": True,
        "dropped_cells": 0,
        "hvg": False,
        "filter_cell": 0,
        "norm_target": 0.0,
        "refine": 0,
        "status": "ok",
        "reason": "",
    }


def scatter_cells(n_cells: int, rng: np.random.Generator) -> np.ndarray:
    """Positions in the unit square: a hexagonal grid, jittered, with some positions left empty.

    Returns:
        (n_cells, 2), in random order, so that a cell's number does not depend on its position.
    """
    places = 1.1 * n_cells
    columns = math.ceil(math.sqrt(places * math.sqrt(0.75)))
    rows = math.ceil(places / columns)
    x, y = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
    x += np.where(y % 2 == 0, 0.5, 1.0)
    grid = np.column_stack([x.ravel(), y.ravel() + 0.5])
    grid += rng.uniform(-0.35, 0.35, grid.shape)
    return rng.permutation(grid)[:n_cells] / [columns + 0.5, rows]


def _wave(t: np.ndarray, rng: np.random.Generator, periods: tuple[int, ...]) -> np.ndarray:
    """A smooth random curve of ``t`` in [0, 1]; higher frequencies are weaker."""
    phases = rng.uniform(0, 1, len(periods))
    sizes = rng.uniform(0.5, 1, len(periods)) / np.array(periods)
    terms = (
        size * np.sin(2 * np.pi * (period * t + phase))
        for size, period, phase in zip(sizes, periods, phases, strict=True)
    )
    return np.sum(list(terms), axis=0)


def _warp(unit_square: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend the plane a little, so that straight borders become irregular."""
    x, y = unit_square.T
    return np.column_stack(
        [x + 0.06 * _wave(y, rng, (1, 2, 3)), y + 0.06 * _wave(x, rng, (1, 2, 3))]
    )


def _bands(depth: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Cut the cells, sorted by depth, into bands of unequal size; none is empty."""
    shares = rng.uniform(0.6, 1.4, n_domains)
    spare = len(depth) - n_domains
    cuts = np.floor(np.cumsum(shares / shares.sum())[:-1] * spare).astype(int)
    starts = np.zeros(len(depth), dtype=int)
    starts[cuts + np.arange(1, n_domains)] = 1
    domains = np.empty(len(depth), dtype=int)
    domains[np.argsort(depth, kind="stable")] = np.cumsum(starts)
    return domains


def _layers(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Wavy bands, as in cortex."""
    x, y = unit_square.T
    return _bands(y + 0.1 * _wave(x, rng, (1, 2, 3)), n_domains, rng)


def _rings(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Wobbly rings around one point, as in a gland or a tumor."""
    x, y = (unit_square - rng.uniform(0.4, 0.6, 2)).T
    angle = np.arctan2(y, x) / (2 * np.pi) + 0.5
    return _bands(np.hypot(x, y) * (1 + 0.2 * _wave(angle, rng, (2, 3, 5))), n_domains, rng)


def _islands(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Blobs of the other domains in a background, domain 0, as in lymphoid tissue."""
    plane = _warp(unit_square, rng)
    n_islands = n_domains - 1
    n_blobs = min(2 * n_islands, len(plane) - 1)
    centers = plane[_spread_cells(plane, n_blobs, rng)]
    radii = rng.uniform(0.7, 1.3, n_blobs)
    distances = np.linalg.norm(plane[:, None] - centers, axis=2) / radii
    blobs = distances.argmin(axis=1)
    outside = np.argsort(distances.min(axis=1), kind="stable")[
        max(n_blobs, len(plane) * 11 // 20) :
    ]
    domains = 1 + blobs % n_islands
    domains[outside] = 0
    return domains


def _mosaic(unit_square: np.ndarray, n_domains: int, rng: np.random.Generator) -> np.ndarray:
    """Patches with crooked borders, several of each domain."""
    from scipy.spatial import cKDTree

    plane = _warp(unit_square, rng)
    n_patches = min(6 * n_domains, len(plane))
    centers = plane[_spread_cells(plane, n_patches, rng)]
    return cKDTree(centers).query(plane)[1] % n_domains


def _spread_cells(plane: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n different cells that are far apart: each is the farthest of ten random ones."""
    chosen = [int(rng.integers(len(plane)))]
    distances = np.linalg.norm(plane - plane[chosen[0]], axis=1)
    for _ in range(n - 1):
        free = np.flatnonzero(distances)
        candidates = rng.choice(free, min(10, len(free)), replace=False)
        chosen.append(int(candidates[distances[candidates].argmax()]))
        distances = np.minimum(distances, np.linalg.norm(plane - plane[chosen[-1]], axis=1))
    return np.array(chosen)


LAYOUTS: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "layers": _layers,
    "rings": _rings,
    "islands": _islands,
    "mosaic": _mosaic,
}


def draw_mixtures(tissue: Tissue, rng: np.random.Generator) -> np.ndarray:
    """The share of each cell type in each domain, (domains, types).

    Mixtures are Dirichlet around the mixture of the whole tissue, closer with smaller contrast.
    """
    overall = rng.dirichlet(np.full(tissue.n_types, 5.0))
    mixtures = np.tile(overall, (tissue.n_domains, 1))
    if tissue.contrast > 0:
        concentration = _MIXTURE / tissue.contrast**2
        mixtures = rng.dirichlet(concentration * overall + 1e-3, tissue.n_domains)
    return mixtures


def draw_types(domains: np.ndarray, mixtures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A cell type for each cell, (n,), from its domain's mixture."""
    ladder = mixtures.cumsum(axis=1)
    ladder[:, -1] = 1
    return (rng.random(len(domains))[:, None] > ladder[domains]).sum(axis=1)


@dataclass(frozen=True)
class Expression:
    """Expression of genes by cells, before counts are drawn.

    Attributes:
        base: (genes,) log means.
        by_type: (types, genes) additions of cell types, mostly zero.
        by_domain: (domains, genes) additions of domains, mostly zero.
        dispersion: (genes,) of the negative binomial.
    """

    base: np.ndarray
    by_type: np.ndarray
    by_domain: np.ndarray
    dispersion: np.ndarray

    @classmethod
    def draw(cls, tissue: Tissue, rng: np.random.Generator) -> Expression:
        def sparse_effects(rows: int, share: float, sd: float) -> np.ndarray:
            shape = (rows, tissue.n_genes)
            return rng.normal(0, sd, shape) * (rng.random(shape) < share)

        return cls(
            base=rng.normal(0, _BASE_SD, tissue.n_genes),
            by_type=sparse_effects(tissue.n_types, _MARKER_SHARE, _MARKER_SD),
            by_domain=tissue.contrast * sparse_effects(tissue.n_domains, _SHIFT_SHARE, _SHIFT_SD),
            dispersion=rng.uniform(*_DISPERSION, tissue.n_genes),
        )

    def shares(
        self, domains: np.ndarray, types: np.ndarray, raised: sp.csr_matrix | None = None
    ) -> np.ndarray:
        """Share of each gene in the molecules of a cell, (cells, genes)."""
        log_means = self.base + self.by_type[types] + self.by_domain[domains]
        if raised is not None:
            log_means += raised.toarray()
        means = np.exp(log_means - log_means.max(axis=1, keepdims=True))
        return means / means.sum(axis=1, keepdims=True)


def draw_counts(
    expression: Expression,
    domains: np.ndarray,
    types: np.ndarray,
    dropout: float,
    rng: np.random.Generator,
    raised: sp.csr_matrix | None = None,
) -> sp.csr_matrix:
    """Negative binomial counts, (cells, genes) CSR float32, in blocks of cells.

    ``raised``: additions to the log means of single cells, (cells, genes). A cell without
    any count gets one, because it would not have been detected otherwise.
    """
    import scipy.sparse as sp

    n_cells, n_genes = len(domains), len(expression.base)
    library = _COUNTS_PER_GENE * n_genes * rng.lognormal(0, _LIBRARY_SD, n_cells)
    shape = 1 / expression.dispersion
    block = max(_VALUES_AT_ONCE // n_genes, 1)
    parts = []
    for start in range(0, n_cells, block):
        cells = slice(start, start + block)
        own = None if raised is None else raised[cells]
        shares = expression.shares(domains[cells], types[cells], own)
        rate = shares * library[cells, None] * rng.standard_gamma(shape, shares.shape) / shape
        counts = rng.poisson(rate)
        if dropout > 0:
            counts[rng.random(counts.shape) < dropout] = 0
        for cell in np.flatnonzero(~counts.any(axis=1)):
            counts[cell, rng.choice(n_genes, p=shares[cell])] = 1
        parts.append(sp.csr_matrix(counts, dtype=np.float32))
    return sp.vstack(parts, format="csr")
