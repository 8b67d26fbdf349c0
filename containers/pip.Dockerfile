# The environment of methods with PyPI packages of their own, from envs/<ENVIRONMENT>.yaml: cellcharter, communication,
# integration, novae, stlearn, tangram. These files pin versions, without hashes.
#
#   docker build -f containers/pip.Dockerfile -t stbench:cellcharter --build-arg ENVIRONMENT=cellcharter .
FROM python:3.11-slim-bookworm

ARG ENVIRONMENT
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

COPY envs/${ENVIRONMENT}.yaml /build/environment.yaml
RUN sed -n 's/^ *- \([^ ]*==[^ ]*\).*/\1/p' /build/environment.yaml > /build/pins.txt \
 && { grep '^torch==' /build/pins.txt | xargs -r python -m pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}; } \
 && python -m pip install --no-deps -r /build/pins.txt \
 && rm -r /build
