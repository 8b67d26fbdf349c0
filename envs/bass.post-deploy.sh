#!/usr/bin/env bash
# BASS and SPARK live in repositories alone; everything else they need is in bass.yaml. Not run here.
set -euo pipefail
Rscript -e 'remotes::install_github(
  c("xzhoulab/SPARK@a8b4bf27b804604dfda53da42992f100b8e4e727", "zhengli09/BASS@5c2690fddcdeb12461a69106ff4681777d0a8822"),
  upgrade = "never", dependencies = FALSE)' -e 'library(BASS)'
