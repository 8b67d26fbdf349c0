"""Datasets: fetch, load, validate, join, degrade, simulate, preprocess."""
