"""Load the libraries of the stages once, and run each stage in a copy of this process.

Snakemake's process starts it for runs on this machine (stbench.runs.fork_server) and ends it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.supervisor.fork_server import serve


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("socket", type=Path, help="path of the socket to create")
    parser.add_argument(
        "--graphs", action="store_true", help="also load what analyses of cell graphs use"
    )
    args = parser.parse_args()

    # Those that several stages use, and none that starts threads of computation.
    import anndata  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import scipy.stats  # noqa: F401
    import sklearn.cluster
    import sklearn.metrics
    import sklearn.mixture
    import sklearn.neighbors  # noqa: F401

    if args.graphs:
        import scanpy  # noqa: F401
        import torch  # noqa: F401

        from stbench.graphs.compiled import keep_compiled

        keep_compiled()

    serve(args.socket)


if __name__ == "__main__":
    main()
