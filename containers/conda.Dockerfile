# The environment of a method in R, from envs/<ENVIRONMENT>.yaml: bayesspace, bass, drsc.
#
#   docker build -f containers/conda.Dockerfile -t stbench:bayesspace --build-arg ENVIRONMENT=bayesspace .
FROM condaforge/miniforge3:25.3.1-0

ARG ENVIRONMENT
COPY envs/${ENVIRONMENT}.yaml envs/${ENVIRONMENT}.post-deploy.s[h] /build/
RUN conda env create --quiet --prefix /opt/method --file /build/${ENVIRONMENT}.yaml \
 && conda clean --all --yes
ENV PATH=/opt/method/bin:$PATH
RUN if [ -f /build/${ENVIRONMENT}.post-deploy.sh ]; then bash /build/${ENVIRONMENT}.post-deploy.sh; fi \
 && rm -r /build \
 && Rscript -e 'R.version.string'
