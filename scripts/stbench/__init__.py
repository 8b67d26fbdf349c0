"""Library of the benchmark: plain functions on arrays and AnnData; knows no Snakemake."""
