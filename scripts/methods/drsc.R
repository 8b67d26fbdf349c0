# DR-SC: dimension reduction and domains in one model with a hidden Markov random field
# (Liu et al., Nucleic Acids Research 2022), by the package DR.SC.
# Written from the package's documentation; the tests do not run it, because they lack the package.

# On a lattice: the adjacent spots; elsewhere: within the radius that gives a median of 4 to 6 neighbors.
neighbors <- function(data) {
  lattice <- data$lattice
  if (is.null(lattice)) {
    return(DR.SC::getAdj_auto(unname(data$coordinates)))
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
