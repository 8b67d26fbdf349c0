"""One file per method of deconvolution, each with the same function::

    fit(spots, reference, seed, device, params) -> DataFrame (spots, types), rows sum to one

``spots`` and ``reference`` are those of ``stbench.deconvolution.pairs.Pair``: counts, positions,
``reference.obs['celltype']``. A column is a type by its name; types left out count as 0.
``attrs['note']``, if set, is told in the tables.
"""
