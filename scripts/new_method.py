"""Create the files of a new method: its script, its rule and its entry in config/methods.yaml.

    python scripts/new_method.py my_method        # Python
    python scripts/new_method.py my_method --r    # R

The new files are a working method (principal components; in Python averaged over the nearest
cells), so that the pipeline can be tried before the method is implemented. See
docs/add-a-method.md.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from stbench.common.errors import InputError, run_cli
from stbench.common.paths import PROJECT, method_files
from stbench.config.schema import load_yaml

PYTHON = '''"""<What the method does, in one line (paper, section)>."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from stbench.fitting.interface import Fit, Recorder
from stbench.graphs.neighbors import knn


def fit(
    adata: Any,
    n_domains: int,
    seed: int,
    device: str,
    params: Mapping[str, Any],
    record: Recorder,
) -> Fit:
    """<Input, output and its shape, errors.>"""
    components = np.asarray(adata.obsm["X_pca"], dtype=np.float32)
    _, neighbors = knn(adata.obsm["spatial"], int(params["n_neighbors"]))
    return Fit(embedding=components[neighbors].mean(axis=1))
'''

R = """# <What the method does, in one line (paper, section)>.

fit <- function(data, n_domains, seed, params) {
  n_components <- min(params$n_components, ncol(data$pca))
  list(embedding = data$pca[, seq_len(n_components), drop = FALSE])
}
"""

RULE = """use rule train as train_{name} with:
    input:
        **fit_input("{name}"),
    output:
        directory(PATTERN.fit("{{dataset}}", "{name}", "{{seed}}")),
    log:
        PATTERN.fit_log("{{dataset}}", "{name}", "{{seed}}"),
    resources:
        **fit_resources("{name}"),
    params:
        **fit_params("{name}"),
"""

ENTRY = {
    "implementation": "reimplemented",
    "citation": "to be filled in",
    "licence": "to be filled in",
}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="id of the method: lower case, digits, underscores")
    parser.add_argument("--r", action="store_true", help="a method in R")
    parser.add_argument(
        "--repository", type=Path, default=PROJECT, help="repository to change (default: this one)"
    )
    return parser.parse_args()


def pieces(name: str, r: bool, repository: Path) -> dict[Path, str]:
    """The content of the files of a new method, by path.

    Raises:
        InputError: the name is not valid, or a file or entry exists already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"{name!r}: use lower-case letters, digits and _, a letter first")
    script = repository / "scripts/methods" / f"{name}.{'R' if r else 'py'}"
    rule = repository / "rules/methods" / f"{name}.smk"
    entries = repository / "config/methods.yaml"
    for path in [method_files(script.parent).get(name), rule]:
        if path is not None and path.exists():
            raise InputError(f"{path}: exists already; choose another name or remove it")
    if name in load_yaml(entries):
        raise InputError(f"{entries}: has an entry {name!r} already")
    params = "{n_components: 15}" if r else "{n_neighbors: 6}"
    values = {"title": name.replace("_", " "), **ENTRY, "params": params}
    entry = f"\n{name}:\n" + "".join(f"  {key}: {value}\n" for key, value in values.items())
    return {
        script: R if r else PYTHON,
        rule: RULE.format(name=name),
        entries: entries.read_text(encoding="utf-8").rstrip("\n") + "\n" + entry,
    }


def main() -> None:
    args = parse_arguments()
    for path, text in pieces(args.name, args.r, args.repository).items():
        path.write_text(text, encoding="utf-8")
        print(path)
    chosen = f"name={args.name} 'methods=[{args.name},smoothed_pca]' 'datasets=[BZ5]'"
    print(f"try it: .venv/bin/snakemake --cores 2 --config {chosen}")


if __name__ == "__main__":
    run_cli(main)
