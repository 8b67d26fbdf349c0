#!/usr/bin/env bash
# For a machine with a CUDA device: the losses of STAGUE on CPU and GPU (they agree to 1e-4), its kernels in Triton, the
# unit tests, a short benchmark that must have run on the GPU, and seconds per epoch up to 100 000 cells.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-.venv/bin/python}
if ! [ -x "$python" ]; then
  echo "error: $python: no such program; run make setup first" >&2
  exit 1
fi
"$python" - <<'END'
import sys

try:
    import pytest, torch
except ImportError as error:
    sys.exit(f"error: {error}; make setup and make lint install what this needs")
if not torch.cuda.is_available():
    sys.exit(f"error: torch {torch.__version__} sees no CUDA device here; run this on a GPU machine (make doctor)")
print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}")
END

export OMP_NUM_THREADS=1
"$python" -m pytest -p no:cacheprovider tests/gpu
"$python" -m pytest -p no:cacheprovider -n "$(nproc)" --dist loadfile tests/unit

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m snakemake --directory "$folder" --cores 4 --resources gpu=1 --config \
  'datasets=[BZ5]' 'methods=[stague,smoothed_pca]' 'seeds=[0]' 'clusterers=[kmeans]' \
  'params={stague: {epochs: 30}}'
status=$(echo "$folder"/results/fits/BZ5/stague/*/seed0/status.json)
cat "$status"
if ! grep -q '"device": "cuda"' "$status"; then
  echo "error: STAGUE did not run on the GPU; its status is above" >&2
  exit 1
fi

"$python" benchmarks/nt_xent_roofline.py
"$python" benchmarks/stague_epoch.py --device cuda --cells 20000 65536 100000 --dense-up-to 0 --sampled 0
echo "ok: unit tests, losses, kernels and benchmarks on the GPU"
