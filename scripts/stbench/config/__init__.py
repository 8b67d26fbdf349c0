"""The configuration of a run, and the registry of datasets and methods."""
