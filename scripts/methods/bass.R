# BASS: cell types and spatial domains in one Bayesian hierarchy
# (Li and Zhou, Genome Biology 2022), by the package of that name.
# Run for docs/reproduction.md; the tests do not run it, because they lack the package.

fit <- function(data, n_domains, seed, params) {
  kind <- data$dataset$kind
  if (kind == "features") not_applicable("needs expression, this dataset holds features")
  need("BASS")
  library(BASS) # its functions look up other functions of the package on the search path

  expression <- if (kind == "counts") data$counts else data$logcounts
  tissue <- createBASSObject(list(expression), list(data$coordinates),
    C = params$n_types, R = n_domains, k = params$n_neighbors, beta_method = params$beta_method,
    init_method = params$init_method, burnin = params$burn_in, nsample = params$n_samples
  )
  tissue <- BASS.preprocess(tissue,
    doLogNormalize = kind == "counts", geneSelect = params$gene_selection, nSE = params$n_genes,
    nHVG = params$n_genes, doPCA = TRUE, scaleFeature = params$scale_features,
    nPC = min(params$n_pcs, length(data$genes) - 1)
  )
  tissue <- BASS.postprocess(BASS.run(tissue))
  list(labels = tissue@results$z[[1]]) # its components are plain PCA, not a result of the model
}
