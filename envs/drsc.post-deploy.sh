#!/usr/bin/env bash
# DR.SC is on CRAN alone; everything else it needs is in drsc.yaml. Not run here.
set -euo pipefail
Rscript -e 'remotes::install_version("DR.SC", "3.7", repos = "https://cloud.r-project.org", upgrade = "never", dependencies = FALSE)' \
  -e 'library(DR.SC)'
