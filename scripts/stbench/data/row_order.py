"""The order of the cells of a prepared dataset: a shuffle that every machine repeats."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData


def shuffle_rows(adata: AnnData) -> AnnData:
    """A copy with its cells in the order of the hashes of their names.

    Published files often list the cells from one end of the tissue to the other, and a method must
    not profit from that. The order depends on the names alone: not on the order of the file, on the
    id of the dataset, or on a random generator, which may change with its package. Names are
    unique and are kept, so ``result[file.obs_names]`` has the order of the file again.
    """
    hashes = [hashlib.sha256(name.encode()).digest() for name in adata.obs_names]
    return adata[sorted(range(adata.n_obs), key=hashes.__getitem__)].copy()
