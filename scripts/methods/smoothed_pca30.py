"""Control: ``smoothed_pca`` over another number of neighbors, 30; only its parameter differs."""

from methods.smoothed_pca import fit

__all__ = ["fit"]
