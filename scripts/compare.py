"""Run one method and show it beside the shipped results, without a configuration file.

    compare.py --method mine --datasets BZ5 BZ9 -- snakemake --configfile config/compare.yaml

The results are in `results/compare_<method>/`; the comparison is printed at the end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG, RESOURCES
from stbench.config.layout import Layout
from stbench.config.methods import load_methods
from stbench.config.schema import suggestion
from stbench.config.tasks import DOMAINS
from stbench.runs.command import with_config


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", required=True, help="id of config/methods.yaml")
    parser.add_argument(
        "--external",
        type=Path,
        help="folder of results that were computed elsewhere, as `external:`",
    )
    parser.add_argument(
        "--datasets", nargs="*", default=[], help="default: those of the configuration"
    )
    parser.add_argument("command", nargs="+", help="the command, after --")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()

    from stbench.results.shipped import read_shipped
    from stbench.verdict.comparison import CANARY

    shipped = read_shipped(RESOURCES / "verdict").manifest["entries"]
    for dataset in args.datasets:
        if dataset not in shipped:
            raise InputError(
                f"{dataset}: no results of it are shipped; DATASETS: {' '.join(shipped)}"
            )
    if args.method == CANARY:
        raise InputError(f"{CANARY}: this control is run in every comparison; name another METHOD")
    known = load_methods(CONFIG)[DOMAINS]
    if args.external is None and args.method not in known:
        hint = suggestion(args.method, sorted(known))
        raise InputError(
            f"{args.method}: unknown method{hint}; docs/add-a-method.md says how to add it"
        )
    name = f"compare_{args.method}"
    methods = [CANARY] if args.external else [args.method, CANARY]
    values = [f"name={name}", f"methods={json.dumps(methods)}"]
    if args.external:
        values.append(f"external={json.dumps({args.method: str(args.external)})}")
    if args.datasets:
        values.append(f"datasets={json.dumps(args.datasets)}")
    command = with_config(args.command, values)
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    text = Layout(name=name).comparison / f"{args.method}.txt"
    if text.is_file():
        print(f"\n{text.read_text(encoding='utf-8')}\n{text}")


if __name__ == "__main__":
    run_cli(main)
