"""STAGUE's hyper-parameters: names, defaults and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from stbench.common.errors import InputError


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Settings:
    """Names and defaults of the original's command line (Nie et al., Advanced Science 2024)."""

    epochs: int = _setting(150, "number of training epochs")
    lr: float = _setting(5e-4, "learning rate of Adam")
    a_k: int = _setting(5, "nearest cells in the raw cell graph, which is the first anchor")
    k: int = _setting(15, "candidate edges are at most the median distance to the k-th nearest "
                      "cell; 15 or more is recommended")  # fmt: skip
    adj_weight: float = _setting(
        0.5, "weight of expression against distance in the learned graph; 0.5 or less is "
        "recommended for small panels"
    )  # fmt: skip
    maskfeat_rate_learner: float = _setting(
        0.6, "share of features hidden in the learner view; about 0.5 is recommended for small "
        "panels"
    )  # fmt: skip
    maskfeat_rate_anchor: float = _setting(
        0.9, "share of features hidden in the anchor and in the negative view; 0.8 or more is "
        "recommended"
    )  # fmt: skip
    margin: float = _setting(
        0.5, "margin of the triplet loss; 1 or less is recommended; it may be negative (the "
        "benchmark uses -0.2 on Bregma0.04)"
    )  # fmt: skip
    margin_weight: float = _setting(2.0, "weight of the triplet loss")
    temperature: float = _setting(0.3, "temperature of the NT-Xent loss")
    exp_out: int = _setting(512, "width of the encoded expression")
    nlayers: int = _setting(2, "layers of the graph encoder and of the graph learner")
    hidden_dim: int = _setting(256, "width of the graph encoder's hidden layers")
    rep_dim: int = _setting(64, "width of the embedding")
    proj_dim: int = _setting(64, "width of the projection that the losses compare")
    gamma: float = _setting(2.0, "decay of the learned graph's scores with distance")
    w_decay: float = _setting(1e-3, "weight decay")
    dropout: float = _setting(0.5, "dropout in the graph encoder")
    dropedge_rate: float = _setting(0.5, "share of directed edges dropped in a view")
    tau: float = _setting(0.999, "share of the anchor kept when it follows the learned graph")
    no_bn: bool = _setting(False, "no batch normalization of the encoded expression")
    sparse_learner: bool = _setting(
        False, "candidate rules of the original's learner for large data: at most 1000 per cell, "
        "cells at the same place included"
    )  # fmt: skip
    sim_batch_size: int = _setting(
        0, "NT-Xent within consecutive batches of this many cells; 0: over all cells"
    )
    no_learner: bool = _setting(
        False, "no learned graph: the learner view convolves over the anchor graph"
    )
    nt_xent: str = _setting(
        "exact", "exact, or sampled: negatives are sampled again in each epoch, for more cells "
        "than n x n products allow"
    )  # fmt: skip
    negatives: int = _setting(4096, "cells in that sample")
    nt_xent_cuda: str = _setting(
        "ieee", "products of the exact NT-Xent on CUDA: ieee (float32), tf32x3 (nearly as exact), "
        "tf32 (11 significant bits), all by kernels in Triton, or tiles (torch alone)"
    )  # fmt: skip
    record_every: int = _setting(1, "epochs between two recorded embeddings")

    def __post_init__(self) -> None:
        for name in ("epochs", "a_k", "k", "exp_out", "hidden_dim", "rep_dim", "proj_dim"):
            self._demand(name, getattr(self, name) >= 1, "at least 1")
        for name in ("adj_weight", "maskfeat_rate_learner", "maskfeat_rate_anchor", "tau"):
            self._demand(name, 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for name in ("dropout", "dropedge_rate"):
            self._demand(name, 0 <= getattr(self, name) < 1, "at least 0 and below 1")
        for name in ("lr", "temperature"):
            self._demand(name, getattr(self, name) > 0, "above 0")
        for name in ("w_decay", "sim_batch_size"):
            self._demand(name, getattr(self, name) >= 0, "at least 0")
        self._demand("nlayers", self.nlayers >= 2, "at least 2")
        self._demand("nt_xent", self.nt_xent in ("exact", "sampled"), "exact or sampled")
        ways = ("ieee", "tf32x3", "tf32", "tiles")
        self._demand("nt_xent_cuda", self.nt_xent_cuda in ways, f"one of {', '.join(ways)}")
        if self.nt_xent == "sampled":
            self._demand("negatives", self.negatives >= 2, "at least 2")
            self._demand("sim_batch_size", self.sim_batch_size == 0, "0 where nt_xent is sampled")
        self._demand("record_every", self.record_every >= 1, "at least 1")

    def _demand(self, name: str, fulfilled: bool, what: str) -> None:
        if not fulfilled:
            raise InputError(f"stague: {name} is {getattr(self, name)}; it must be {what}")

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Settings:
        """Settings from a plain dict; an unknown name is an InputError."""
        unknown = sorted(set(params) - {setting.name for setting in fields(cls)})
        if unknown:
            raise InputError(f"stague: unknown parameter {', '.join(unknown)}")
        return cls(**params)
