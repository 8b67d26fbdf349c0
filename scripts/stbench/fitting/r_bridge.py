"""Methods written in R: ``scripts/methods/<method>.R``, run by ``scripts/fit.R``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from stbench.common.errors import NotApplicableError, one_line
from stbench.common.paths import SCRIPTS
from stbench.fitting.interface import Fit, Recorder
from stbench.fitting.requirements import missing
from stbench.graphs.lattice import lattice_of

FIT_R = SCRIPTS / "fit.R"
_REMEMBERED_LINES = 40


class RError(Exception):
    """R ended with an error; the message is that of R."""


@dataclass(frozen=True)
class RMethod:
    """A method's R file as a ``stbench.fitting.interface.Method``.

    Attributes:
        script: the R file; its environment has the same name.
        scratch: folder for the files exchanged with R.
    """

    script: Path
    scratch: Path

    def fit(
        self,
        adata: Any,
        n_domains: int,
        seed: int,
        device: str,
        params: Mapping[str, Any],
        record: Recorder,
    ) -> Fit:
        """Run the R function ``fit`` of the script.

        Raises:
            NotApplicableError: R or a package is missing, or the method is not applicable.
            RError: R ended with an error.
            MemoryError: R could not allocate memory.
        """
        rscript = shutil.which("Rscript")
        if rscript is None:
            raise missing("Rscript", self.script.stem)
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix=".r.") as name:
            folder = Path(name)
            write_data(folder / "input.h5", adata)
            request = {
                "n_domains": n_domains,
                "seed": seed,
                "params": dict(params),
                "dataset": _plain(adata.uns["dataset"]),
            }
            (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
            run_r([rscript, str(FIT_R), str(self.script), str(folder)])
            return self._answer(folder)

    def _answer(self, folder: Path) -> Fit:
        for file in folder.glob("missing_package"):
            raise missing(
                f"the R package {file.read_text(encoding='utf-8').strip()}", self.script.stem
            )
        for file in folder.glob("not_applicable"):
            raise NotApplicableError(file.read_text(encoding="utf-8"))
        import h5py

        with h5py.File(folder / "output.h5") as output:
            # R writes in column-major order: its (n, d) is (d, n) in the file.
            labels, embedding = (
                np.asarray(output[name]).T if name in output else None
                for name in ("labels", "embedding")
            )
        info = json.loads((folder / "info.json").read_text(encoding="utf-8"))
        return Fit(embedding=embedding, labels=labels, info=info)


def write_data(path: Path, adata: Any) -> None:
    """Write the input of an R method as plain HDF5, which R reads without an intermediate copy.

    A CSR matrix of cells x genes is byte for byte a dgCMatrix of genes x cells.
    """
    import h5py

    lattice = lattice_of(adata)
    with h5py.File(path, "w") as file:
        for name, matrix in (("counts", adata.layers["counts"]), ("logcounts", adata.X)):
            rows = sp.csr_matrix(matrix)
            rows.sort_indices()
            group = file.create_group(name)
            group["values"] = rows.data.astype(np.float64)
            group["indices"] = rows.indices.astype(np.int32)
            group["pointers"] = rows.indptr.astype(np.int32)
        for name, names in (("cells", adata.obs_names), ("genes", adata.var_names)):
            file[name] = np.char.encode(names.to_numpy().astype("U"), "utf-8")
        file["highly_variable"] = adata.var["highly_variable"].to_numpy().astype(np.int32)
        file["coordinates"] = np.asarray(adata.obsm["spatial"], dtype=np.float64)
        file["pca"] = np.asarray(adata.obsm["X_pca"], dtype=np.float64)
        if lattice is not None:
            file["lattice/row"], file["lattice/col"] = lattice.row, lattice.col
            file["lattice/kind"] = np.bytes_(lattice.kind)


def run_r(command: list[str]) -> None:
    """Run R; its output is passed on.

    Raises:
        RError: it failed; the message is that of R.
        MemoryError: memory was insufficient.
    """
    tail: deque[str] = deque(maxlen=_REMEMBERED_LINES)
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, errors="replace", encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)
            tail.append(line.strip())
    if process.returncode < 0:
        os.kill(os.getpid(), -process.returncode)  # the supervisor classifies signals
    if process.returncode:
        reason = r_error(list(tail)) or f"R ended with exit code {process.returncode}"
        raise MemoryError(reason) if "cannot allocate" in reason else RError(reason)


def r_error(lines: list[str]) -> str:
    """The error message of R: from its last ``Error`` on, without the list of calls."""
    starts = [i for i, line in enumerate(lines) if line.startswith("Error")]
    message = lines[starts[-1] :] if starts else lines[-1:]
    noise = ("Execution halted", "Calls:")
    return one_line(" ".join(line for line in message if not line.startswith(noise)))


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a dataset as types of JSON."""
    return {key: np.asarray(value).tolist() for key, value in facts.items()}
