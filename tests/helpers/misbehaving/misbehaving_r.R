# A method in R whose parameter `deed` selects its behavior; tests copy it to the other methods.

deeds <- list(
  returns_its_input = function(data, n_domains) {
    own <- cbind(Matrix::colSums(data$counts), Matrix::colSums(data$logcounts[data$highly_variable, ]))
    list(embedding = cbind(own, data$coordinates, data$pca), labels = kmeans(data$pca, n_domains)$cluster)
  },
  returns_another_order = function(data, n_domains) {
    turned <- rev(seq_along(data$cells))
    labels <- setNames(seq_along(data$cells), data$cells)
    list(embedding = data$coordinates[turned, ], labels = labels[turned])
  },
  draws = function(data, n_domains) list(embedding = matrix(rnorm(2 * length(data$cells)), ncol = 2)),
  gives_letters = function(data, n_domains) list(labels = rep(letters[1:n_domains], length.out = length(data$cells))),
  returns_the_lattice = function(data, n_domains) {
    stopifnot(data$lattice$kind == "square")
    list(embedding = cbind(data$lattice$row, data$lattice$col, Matrix::colSums(data$counts)))
  },
  stops = function(data, n_domains) stop("the matrix\nis cursed"),
  allocates = function(data, n_domains) numeric(1e14),
  loses_cells = function(data, n_domains) list(labels = setNames(1:3, data$cells[1:3])),
  loses_nameless_cells = function(data, n_domains) list(labels = 1:3),
  labels_nothing = function(data, n_domains) list(labels = rep(NA, length(data$cells))),
  returns_nothing = function(data, n_domains) NULL,
  needs_a_package = function(data, n_domains) need("stats", "noSuchPackage"),
  declines = function(data, n_domains) not_applicable("needs a lattice of spots"),
  kills_itself = function(data, n_domains) tools::pskill(Sys.getpid(), tools::SIGKILL)
)

fit <- function(data, n_domains, seed, params) deeds[[params$deed]](data, n_domains)
