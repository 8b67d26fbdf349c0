"""The parameters of a simulated tissue."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from stbench.common.errors import InputError
from stbench.common.paths import gene_statistics_file
from stbench.data.simulation.layouts import LAYOUTS

# Of planted interactions (stbench.data.planted_interactions).
REGIMES = ("complementary", "alike", "opposite")
RANGES = ("radius", "contact", "secreted")

_TRENDS = 5
# Parameters without effect while the first of them is 0 or empty.
_UNUSED_TOGETHER = (
    ("n_triples", "n_targets", "effect", "radius", "regime", "range"),
    ("section", "section_effect"),
    *(("gradient",), ("patchiness",), ("spillover",), ("density_sd",), ("reference",)),
)
# Their defaults are what was there before, so that old tissues keep their bytes.
_LATER = {"regime": "complementary", "range": "radius"}


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
        n_triples: planted ligand-receptor-target triples; with 0 the next five are not used.
        n_targets: target genes of each triple.
        effect: increase (log) of the targets in a triggered receiver.
        radius: reach of a sender, in the unit of the coordinates, which at density 1 is the mean
            spacing of the cells.
        regime, range: what an interaction does, and which pairs can act
            (``stbench.data.planted_interactions``).
        section: number of the replicate section of the seed's tissue; 0: an independent tissue.
        section_effect: standard deviation of the log shift of each gene in a replicate section,
            the same in all of its cells.
        gradient: standard deviation of the log change of a gene along a smooth trend; the trends
            cross the borders of domains. 0: none.
        patchiness: standard deviation of the log odds of a cell type between places of a domain;
            0: types are mixed at random.
        spillover: share of the molecules that are counted in a neighboring cell.
        density_sd: standard deviation of the log density of cells between domains.
        reference: a real section whose genes and library sizes are used, a table of
            ``resources/simulation``; empty: they are drawn from fixed distributions.
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
    gradient: float = 0.0
    patchiness: float = 0.0
    spillover: float = 0.0
    density_sd: float = 0.0
    reference: str = ""
    regime: str = "complementary"
    range: str = "radius"

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
        demand(self.regime in REGIMES, "regime", f"one of {', '.join(REGIMES)}")
        demand(self.range in RANGES, "range", f"one of {', '.join(RANGES)}")
        independent = self.section == 0
        demand(independent or self.n_triples == 0, "n_triples", "0 in a replicate section")
        demand(not (independent and self.section_effect), "section_effect", "0 without a section")
        for name in ("gradient", "patchiness", "density_sd"):
            demand(0 <= getattr(self, name) < math.inf, name, "0 or a positive number")
        demand(0 <= self.spillover < 1, "spillover", "at least 0 and below 1")
        known = not self.reference or gene_statistics_file(self.reference).is_file()
        demand(known, "reference", "empty or the name of a table in resources/simulation")

    @property
    def n_trends(self) -> int:
        """Number of smooth trends of genes."""
        return _TRENDS if self.gradient else 0

    def settings(self) -> dict[str, str | int | float]:
        """The parameters that have an effect; later ones only if they are not the default."""
        unused = {
            name for names in _UNUSED_TOGETHER if not getattr(self, names[0]) for name in names
        }
        unused |= {name for name, value in _LATER.items() if getattr(self, name) == value}
        return {name: value for name, value in asdict(self).items() if name not in unused}
