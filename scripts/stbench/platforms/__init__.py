"""Files as the platforms of spatial transcriptomics write them: one module per platform.

Each module has

- ``NAME`` and ``LOOKS_FOR``, for messages, and ``OPTIONS``, the keys that it knows,
- ``matches(path)``: whether a file or folder is of this platform,
- ``technology(path)``: its name in ``config/schemas/datasets.schema.yaml``, empty if unknown,
- ``files(path, options)``: what ``read`` reads: files, or folders of which everything is read,
- ``columns(path, options)``: the columns of the table of cells, without reading them,
- ``column(path, options, name)``: the values of one of them,
- ``shape(path, options)``: number of cells and of features,
- ``read(path, options)``: an AnnData of all cells and features.

``options`` are the keys of an own section (``layer``, ``raw``, ``table``, ``x``, ``y``). The
AnnData has ``X`` as in the file, full ``obs`` and ``var``, ``obsm['spatial']``, and in ``uns``
``platform``: ``name``, ``unit`` of the coordinates (um, px or empty) and ``y_down`` (whether they
are image coordinates, which grow downwards).
"""
