#!/usr/bin/env bash
# Run by Snakemake in the new environment: packages that are wanted without what they say they need.
set -euo pipefail
python -m pip install --no-deps liana==1.10.0 pybanksy==1.3.5 SpaceFlow==1.0.4
