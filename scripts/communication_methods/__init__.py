"""Tools for cell-cell communication, one module each, with the function ``infer``.

A tool gets log-normalized expression in ``X``, positions in ``obsm['spatial']`` and, if they are
known, cell types in ``obs['celltype']``; the candidate pairs of ligands and receptors; and a
distance within which cells can act on each other. It runs with its published defaults. What it
returns is what the tool itself answers: a score for each cell, for each pair of types, or for each
pair of cells (``stbench.interactions.communication.Communication``). The environment is
``envs/communication.yaml``.
"""
