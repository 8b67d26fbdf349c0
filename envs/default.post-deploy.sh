#!/usr/bin/env bash
# Run by Snakemake in the new environment: packages that are wanted without what they say they need.
set -euo pipefail
python -m pip install --no-deps liana==1.10.0 nichepca==0.1.0 pybanksy==1.3.5 SpaceFlow==1.0.4 spatialleiden==0.4.0 \
  st-graphpca==2.2.0
