"""Deconvolution: which cell types, in which proportions, make up each spot."""
