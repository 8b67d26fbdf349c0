"""Paths of the parts of this project."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SCRIPTS = PROJECT / "scripts"
CONFIG = PROJECT / "config"
ENVIRONMENTS = PROJECT / "envs"
RESOURCES = PROJECT / "resources"


def gene_statistics_file(name: str) -> Path:
    """The statistics of genes of a real section, for simulated tissues."""
    return RESOURCES / f"simulation/{name}.csv"


def method_files(folder: Path = SCRIPTS / "methods") -> dict[str, Path]:
    """The file of each method by its id: ``<id>.py``, ``<id>.R`` or ``<id>/model.py``."""
    alone = {path.stem: path for path in folder.glob("[!_]*.*") if path.suffix in (".py", ".R")}
    return alone | {path.parent.name: path for path in folder.glob("*/model.py")}


def method_module(file: Path) -> str:
    """The name under which a method's Python file is imported, such as ``methods.stague.model``."""
    package = file.parent.name if file.stem == "model" else file.stem
    folder = file.parents[1] if file.stem == "model" else file.parent
    return ".".join([folder.name, package, *(["model"] if file.stem == "model" else [])])
