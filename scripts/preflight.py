"""Stop with one line if the folders of cache or scratch are not writable.

The Snakefile checks them and the results, but Snakemake needs its cache before it reads that.
"""

from __future__ import annotations

import argparse

from stbench.common.errors import run_cli
from stbench.runs.preflight import check_cache_and_scratch


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    check_cache_and_scratch()


if __name__ == "__main__":
    run_cli(main)
