# BayesSpace: a Markov random field over a lattice of spots, on principal components
# (Zhao et al., Nature Biotechnology 2021), by the package of that name.
# Run for docs/reproduction.md; the tests do not run it, because they lack Bioconductor.

fit <- function(data, n_domains, seed, params) {
  if (is.null(data$lattice)) not_applicable("needs a lattice of spots (10x Visium or Spatial Transcriptomics)")
  if (data$dataset$kind == "features") not_applicable("needs expression, this dataset holds features")
  need("BayesSpace", "SingleCellExperiment")

  platform <- if (data$lattice$kind == "hexagonal") "Visium" else "ST"
  row <- data$lattice$row
  col <- data$lattice$col
  spots <- data.frame(row = row, col = col, array_row = row, array_col = col, row.names = data$cells)
  counts <- data$dataset$kind == "counts"
  assays <- if (counts) list(counts = data$counts) else list(logcounts = data$logcounts)
  sce <- SingleCellExperiment::SingleCellExperiment(assays = assays, colData = spots)
  sce <- BayesSpace::spatialPreprocess(sce,
    platform = platform, n.PCs = params$n_pcs, n.HVGs = params$n_hvgs, log.normalize = counts
  )
  sce <- BayesSpace::spatialCluster(sce,
    q = n_domains, platform = platform, d = params$n_pcs, init.method = params$init_method,
    model = params$model, nrep = params$n_iterations, burn.in = params$burn_in,
    gamma = if (platform == "Visium") params$gamma else params$gamma_square
  )
  list(labels = sce$spatial.cluster) # its components are plain PCA, not a result of the model
}
