"""STAGUE computes the same on a GPU as on a CPU: three steps from the reference file's weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from helpers.reference_file import load_reference
from methods.stague.model import Draws, Stague
from methods.stague.settings import Settings
from stbench.nn.gcn import normalize
from unit.methods.test_stague_reference import raw_graph

LIMIT = 1e-4  # of a loss, in relation to it


def losses_on(device: str) -> tuple[np.ndarray, np.ndarray]:
    """Both losses of each step, ours on the device and the reference's, (steps, 2)."""
    reference = load_reference("stague_reference_a.npz", "STAGUE_REFERENCE")
    hp = reference.hp()
    settings = Settings(
        **{name: value for name, value in hp.items() if name in Settings.__dataclass_fields__},
        **{name: 0.0 for name in ("dropout", "dropedge_rate") if name not in hp},
    )

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    x = tensor(reference["X"])
    raw = raw_graph(reference, settings.a_k)
    model = Stague(settings, x.shape[1], reference["coords"], raw, device)
    model.load_state_dict(
        {
            name: tensor(reference["w." + name.replace("graph_learner.", "graph_lerner.convs.")])
            for name in model.state_dict()
        }
    )
    columns = tensor(np.flatnonzero(reference["mask_anchor"]))
    draws = Draws(
        anchor_columns=columns,
        anchor_edges=None,
        learner_columns=tensor(np.flatnonzero(reference["mask_learner"])),
        learner_edges=None,
        permutation=tensor(reference["negative_permutation"]),
        negative_columns=columns,
        dropout=None,
    )
    optimizer = torch.optim.Adam(
        model.parameters(), lr=settings.lr, weight_decay=settings.w_decay, fused=True
    )
    losses = []
    for _ in reference["losses"]:
        adjacency = normalize(model.pattern, model.learn_graph(features := model.cell_encoder(x)))
        parts = model.losses(*model.views(features, adjacency, draws))
        losses.append([part.item() for part in parts])
        optimizer.zero_grad()
        torch.stack(parts).sum().backward()
        optimizer.step()
        model.bootstrap(adjacency)
    return np.array(losses), reference["losses"]


def test_the_losses_on_a_cpu_are_those_of_the_reference() -> None:
    ours, theirs = losses_on("cpu")
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
def test_the_losses_on_a_gpu_are_those_on_a_cpu(capsys: pytest.CaptureFixture[str]) -> None:
    cpu, gpu = losses_on("cpu")[0], losses_on("cuda")[0]
    difference = float(np.abs(gpu / cpu - 1).max())
    with capsys.disabled():
        print(f"\nSTAGUE's losses on CPU and GPU differ by at most {difference:.1e} ({LIMIT:.0e})")
    assert difference <= LIMIT
