# Run one method written in R: the counterpart of scripts/stbench/fitting/r_bridge.py.
#
#   Rscript scripts/fit.R scripts/methods/METHOD.R FOLDER
#
# FOLDER holds input.h5 (the data) and request.json {n_domains, seed, params, dataset}. METHOD.R defines
#
#   fit(data, n_domains, seed, params)  ->  list(labels = , embedding = )
#
# Either may be left out. Labels are integers, one per cell; an embedding has one row per cell; both in the
# order of data$cells, or named by cell. They are written to FOLDER/output.h5. data is a list of
#
#   cells, genes       names
#   counts, logcounts  sparse matrices (dgCMatrix), genes x cells
#   highly_variable    which genes vary, logical
#   pca                components, cells x at most 30
#   coordinates        cells x 2 (x, y)
#   lattice            list(kind, row, col) with kind "hexagonal" or "square"; NULL if there is none
#   dataset            facts: id, kind, n_domains, ...
#
# A method requires packages with need("package") and rejects a dataset with not_applicable("reason").

arguments <- commandArgs(trailingOnly = TRUE)
script <- arguments[1]
folder <- arguments[2]

# End without an error, with a message for the caller.
leave <- function(file, text) {
  writeLines(text, file.path(folder, file))
  quit(save = "no", status = 0)
}

not_applicable <- function(reason) leave("not_applicable", reason)

need <- function(...) {
  for (package in c(...)) {
    if (!requireNamespace(package, quietly = TRUE)) leave("missing_package", package)
  }
}

read_data <- function(path, dataset) {
  read <- function(name) as.vector(rhdf5::h5read(path, name))
  present <- rhdf5::h5ls(path, recursive = FALSE)$name
  cells <- read("cells")
  genes <- read("genes")
  sparse <- function(name) {
    new("dgCMatrix",
      x = read(paste0(name, "/values")), i = read(paste0(name, "/indices")),
      p = read(paste0(name, "/pointers")), Dim = c(length(genes), length(cells)),
      Dimnames = list(genes, cells)
    )
  }
  by_cell <- function(name) {
    values <- t(rhdf5::h5read(path, name)) # HDF5 stores arrays by rows, R by columns
    rownames(values) <- cells
    values
  }
  coordinates <- by_cell("coordinates")
  colnames(coordinates) <- c("x", "y")
  lattice <- if ("lattice" %in% present) {
    list(kind = read("lattice/kind"), row = read("lattice/row"), col = read("lattice/col"))
  }
  list(
    cells = cells, genes = genes, counts = sparse("counts"), logcounts = sparse("logcounts"),
    highly_variable = read("highly_variable") == 1, pca = by_cell("pca"),
    coordinates = coordinates, lattice = lattice, dataset = dataset
  )
}

in_order <- function(names, count, cells, what) {
  if (is.null(names)) {
    if (count != length(cells)) stop(what, ": ", count, " for ", length(cells), " cells")
    return(seq_along(cells))
  }
  place <- match(cells, names)
  if (anyNA(place)) stop(what, ": ", sum(is.na(place)), " of ", length(cells), " cells are missing")
  place
}

write_answer <- function(answer, cells, path) {
  rhdf5::h5createFile(path)
  if (!is.null(answer$labels)) {
    labels <- answer$labels[in_order(names(answer$labels), length(answer$labels), cells, "labels")]
    if (is.factor(labels) || is.character(labels)) labels <- as.integer(factor(labels))
    if (anyNA(labels)) stop("labels: ", sum(is.na(labels)), " cells have none")
    rhdf5::h5write(as.integer(labels), path, "labels")
  }
  if (!is.null(answer$embedding)) {
    embedding <- as.matrix(answer$embedding)
    embedding <- embedding[in_order(rownames(embedding), nrow(embedding), cells, "embedding"), , drop = FALSE]
    rhdf5::h5write(unname(embedding), path, "embedding")
  }
}

versions <- function() {
  packages <- sapply(sort(loadedNamespaces()), function(name) as.character(packageVersion(name)))
  r <- as.character(getRversion())
  as.list(c(R = r, packages[packages != r])) # R's own packages have R's version
}

need("rhdf5", "jsonlite", "Matrix")
library(methods)
suppressPackageStartupMessages(library(Matrix))
request <- jsonlite::read_json(file.path(folder, "request.json"), simplifyVector = TRUE)
data <- read_data(file.path(folder, "input.h5"), request$dataset)
source(script)
set.seed(request$seed)
answer <- fit(data, request$n_domains, request$seed, request$params)
write_answer(answer, data$cells, file.path(folder, "output.h5"))
jsonlite::write_json(list(r_versions = versions()), file.path(folder, "info.json"), auto_unbox = TRUE)
