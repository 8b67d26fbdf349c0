"""From published bytes to preprocessed datasets: fetch, load, validate, join, degrade, simulate."""
