"""Run a Snakemake command on one section of your own, without a configuration file.

    own_section.py --path section.h5ad --n-domains 7 -- snakemake --configfile domains.yaml

The name of the results is that of the file, `results/section/`. The command is started with
`--config name=... datasets=...`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from contextlib import suppress
from pathlib import Path

import yaml

from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG
from stbench.config.layout import SHARED, Layout
from stbench.config.registry import load_registry
from stbench.runs.command import with_config
from stbench.runs.run_record import read_run

LONGEST = 64  # characters of a name of results


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--path", required=True, help="file or folder of the section")
    parser.add_argument("--n-domains", type=int, help="number of domains (default auto)")
    parser.add_argument("--label", help="column of obs with the true domains, if they are known")
    parser.add_argument("command", nargs="+", help="the command, after --")
    return parser.parse_args()


def section_name(path: Path) -> str:
    """A name for the section and its results: that of the file, in the allowed characters.

    The folder ``outs`` of Space Ranger has the name of the folder above it, and folders that have
    the same name in every run begin with it. A name that Snakemake would read as another value than
    text, such as 2024_01_15, begins with ``section``.
    """
    path = path.parent if path.name == "outs" else path
    stem = path.name.partition(".")[0] or path.stem
    if re.fullmatch(r"region_\d+|square_\d+um", stem):  # of MERSCOPE, of Visium HD
        stem = f"{path.parent.name}_{stem}"
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).lstrip("_-")[:LONGEST] or "section"
    if not isinstance(_as_snakemake(name), str):
        name = f"section_{name}"[:LONGEST]
    reserved = {*SHARED, *load_registry(CONFIG / "datasets.yaml")}
    return f"{name[: LONGEST - 4]}_own" if name in reserved else name


def _as_snakemake(word: str) -> object:
    """The value of a word after --config."""
    for read in (int, float, yaml.safe_load):
        with suppress(ValueError, yaml.YAMLError):
            return read(word)
    return word


def refuse_another(name: str, path: Path) -> None:
    """Keep the results of another section with the same name.

    Raises:
        InputError: ``results/<name>`` is of another file.
    """
    layout = Layout(name=name)
    if not layout.run.is_file():
        return
    datasets = read_run(layout).config["datasets"]
    given = [str(one["path"]) for one in datasets if isinstance(one, dict) and "path" in one]
    if path.resolve() not in [Path(one).expanduser().resolve() for one in given]:
        of = ", ".join(given) or "other datasets"
        raise InputError(
            f"{path}: {layout.run.parent} has the results of {of}; rename the file, or move that "
            "folder"
        )


def main() -> None:
    args = parse_arguments()
    path = Path(args.path).expanduser()
    if not path.exists():
        raise InputError(f"{path}: no such file; name it: make domains DATA=section.h5ad N=7")
    name = section_name(path.resolve())
    refuse_another(name, path)
    number = "auto" if args.n_domains is None else args.n_domains
    section = {"id": name, "path": str(path), "n_domains": number}
    if args.label:
        section["label"] = args.label
    values = [f"name={name}", f"datasets={json.dumps([section])}"]
    command = with_config(args.command, values)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    run_cli(main)
