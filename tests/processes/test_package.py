"""The Python package: sdist and wheel, installed next to nothing but what it declares."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from stbench.common.paths import PROJECT

PARTS = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "scripts")
# Declared by torch; only its CUDA build has them.
LEFT_OUT = ("triton", "cuda-", "nvidia-")
USE = """\
import importlib.util
import stbench.api as st
for absent in ("snakemake", "methods", "torch_geometric", "matplotlib"):
    assert importlib.util.find_spec(absent) is None, absent
tissue = st.preprocess(st.simulate(st.Tissue(n_cells=80, n_genes=20, n_domains=3), "tissue"))
truth = st.simulate(st.Tissue(n_cells=80, n_genes=20, n_domains=3), "tissue").obs["cluster"]
for method, params in (("smoothed_pca", {}), ("stague", {"epochs": 1, "exp_out": 8})):
    embedding = st.fit(method, tissue, 3, **params).embedding
    labels = st.cluster_labels(embedding, 3, "kmeans").labels
    print(method, st.score(labels, truth, tissue.obsm["spatial"]))
"""


def run(*words: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, words)], cwd=cwd, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def build(kind: str, source: Path, target: Path) -> Path:
    call = f"from setuptools.build_meta import build_{kind} as b; b({str(target)!r})"
    run(sys.executable, "-c", call, cwd=source)
    (built,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


def is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def declared(name: str, extras: tuple[str, ...], found: set[str]) -> set[str]:
    """Names of the installed distributions that a distribution needs, and their needs."""
    for text in distribution(name).requires or []:
        need = Requirement(text)
        asked = any(
            need.marker is None or need.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        )
        left_out = need.name.startswith(LEFT_OUT) and not is_installed(need.name)
        if asked and need.name not in found and not left_out:
            found.add(need.name)
            declared(need.name, tuple(need.extras), found)
    return found


def link(name: str, site: Path) -> None:
    """Show the files of an installed distribution in another environment."""
    installed = distribution(name)
    tops = {file.parts[0] for file in installed.files or [] if file.parts[0] not in ("..", "bin")}
    for top in tops - {"__pycache__"}:
        if not (site / top).exists():
            (site / top).symlink_to(installed.locate_file(top))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel that is built from the sdist, which is built from a copy of this project."""
    folder = tmp_path_factory.mktemp("package")
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / "copy" / part, ignore=ignored)
        else:
            (folder / "copy").mkdir(exist_ok=True)
            shutil.copy(source, folder / "copy" / part)
    sdist = build("sdist", folder / "copy", folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    return {"sdist": sdist, "wheel": build("wheel", source, folder)}


def test_the_wheel_works_with_what_it_declares_and_without_snakemake(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    venv.create(tmp_path / "fresh", with_pip=False)
    python = tmp_path / "fresh/bin/python"
    site = Path(
        run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=tmp_path).strip()
    )
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--no-deps", "--no-index", "--quiet", packages["wheel"], cwd=tmp_path)
    (metadata,) = site.glob("stbench-*.dist-info")
    requires = re.findall(r"^Requires-Dist: (.+)$", (metadata / "METADATA").read_text(), re.M)
    needs: set[str] = set()
    for need in map(Requirement, requires):
        if need.marker is None or need.marker.evaluate({"extra": "stague"}):
            needs |= declared(need.name, tuple(need.extras), {*needs, need.name})
    for name in needs:
        link(name, site)
    printed = run(python, "-c", USE, cwd=tmp_path)
    assert [line.split()[0] for line in printed.splitlines()] == ["smoothed_pca", "stague"]
    assert (site / "stbench/py.typed").exists()
