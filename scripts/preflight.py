"""Stop with one line if the folders of results, cache or scratch are not writable.

The Snakefile has the same check, but Snakemake needs its cache before it reads the Snakefile.
"""

from __future__ import annotations

import argparse

from stbench.common.errors import run_cli
from stbench.config.layout import Layout
from stbench.runs.preflight import check_places


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    check_places(Layout().root)


if __name__ == "__main__":
    run_cli(main)
