"""Supervision of a fit. Standard library only: it runs in the environment of each method."""
