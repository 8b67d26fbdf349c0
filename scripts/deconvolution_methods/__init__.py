"""One file per method of deconvolution, each with the same function::

    fit(spots, reference, seed, device, params) -> DataFrame (spots, types), rows sum to one

``spots`` and ``reference`` are those of ``stbench.deconvolution.pairs.Pair``: counts, positions,
``reference.obs['celltype']``. Columns are named by type; omitted types count as 0. The tables show
``attrs['note']``, if set.
"""
