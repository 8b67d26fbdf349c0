# DR-SC: dimension reduction and domains in one model with a hidden Markov random field
# (Liu et al., Nucleic Acids Research 2022), by the package DR.SC.
# Run for docs/reproduction.md; the tests do not run the model, because they lack the package.

# The radius within which the median cell has 5 neighbors: the middle of the 4 to 6 that the package's
# getAdj_auto looks for. That function draws 100 cells to begin with and fails for one seed in five on BZ5.
radius_of_5_neighbors <- function(coordinates) {
  x <- coordinates[, 1]
  y <- coordinates[, 2]
  squared <- vapply(seq_along(x), function(i) {
    sort((x - x[i])^2 + (y - y[i])^2, partial = 6)[6] # the first is the cell itself
  }, numeric(1))
  sqrt(median(squared)) * (1 + 1e-9) # the package's neighbors are closer than the radius
}

# On a lattice the adjacent spots.
neighbors <- function(data) {
  lattice <- data$lattice
  if (is.null(lattice)) {
    coordinates <- unname(data$coordinates)
    return(DR.SC::getAdj_manual(coordinates, radius = radius_of_5_neighbors(coordinates)))
  }
  if (lattice$kind == "hexagonal") {
    DR.SC::getAdj_manual(cbind(lattice$col, sqrt(3) * lattice$row), radius = 2.2)
  } else {
    DR.SC::getAdj_manual(cbind(lattice$col, lattice$row) + 0, radius = 1.1)
  }
}

# Log-normalized expression; of many genes, the most spatially variable by SPARK-X.
normalized <- function(data, n_genes) {
  if (data$dataset$kind != "counts") {
    return(data$logcounts[data$highly_variable, ])
  }
  if (length(data$genes) <= n_genes) {
    return(Seurat::LogNormalize(data$counts, verbose = FALSE))
  }
  spots <- data.frame(row = data$coordinates[, "y"], col = data$coordinates[, "x"], row.names = data$cells)
  options(Seurat.object.assay.version = "v3") # the package reads the slots of that version
  object <- Seurat::CreateSeuratObject(counts = data$counts, meta.data = spots)
  object <- Seurat::NormalizeData(object, verbose = FALSE)
  object <- DR.SC::FindSVGs(object, nfeatures = n_genes, verbose = FALSE)
  object[["RNA"]]@data[object[["RNA"]]@var.features, ]
}

fit <- function(data, n_domains, seed, params) {
  if (data$dataset$kind == "features") not_applicable("needs expression, this dataset holds features")
  need("DR.SC", "Seurat")

  expression <- normalized(data, params$n_genes)
  # Genes that do not vary are dropped by the package.
  model <- DR.SC::DR.SC_fit(as.matrix(Matrix::t(expression)),
    K = n_domains, Adj_sp = neighbors(data), q = min(params$n_components, nrow(expression) - 1),
    maxIter = params$max_iterations, error.heter = params$heteroscedastic, coreNum = 1
  )
  best <- DR.SC::selectModel(model)
  list(labels = best$cluster, embedding = best$hZ)
}
