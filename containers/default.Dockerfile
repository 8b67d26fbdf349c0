# Python, Snakemake and all packages of requirements.lock: every stage, and the methods without an environment of their own.
# The rules and programs are not inside: the folder of this project is mounted.
#
#   docker build -f containers/default.Dockerfile -t stbench:cpu .
#   docker build -f containers/default.Dockerfile -t stbench:cuda --build-arg TORCH_INDEX= .
#
# Without a network, after `make bundle WHEELS=1` with Python 3.11, unpacked here: --build-arg PIP_NO_INDEX=1. Nothing but the
# base image is then fetched.
FROM python:3.11-slim-bookworm

# The small build for CPUs; empty: that of PyPI, which includes the CUDA libraries.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG PIP_NO_INDEX=0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

COPY requirements.lock stbench-bundle/wheel[s] /build/
# hadolint ignore=DL3013
RUN PIP_FIND_LINKS=/build PIP_NO_INDEX=$PIP_NO_INDEX \
      python -m pip install torch==2.13.0 ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
 && PIP_FIND_LINKS=/build PIP_NO_INDEX=$PIP_NO_INDEX \
      python -m pip install --require-hashes --no-deps -r /build/requirements.lock \
 && rm -r /build \
 && python -c "import scanpy, snakemake, torch"
