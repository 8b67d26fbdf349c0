"""Ids shared by programs, tables and the configuration. Imports nothing from stbench."""

from __future__ import annotations

from typing import Literal, get_args

UNTRAINED_EPOCH = 0
NO_TRUTH = "no true labels"
NO_TRAINING = "no training"
NOT_KMEANS = "defined for k-means with one start only"
EPOCHS_UNSEEN = "epochs cannot be observed"

# Statuses of failed fits; the others are ok and not_applicable.
FAILED = ("error", "oom", "timeout", "nan", "killed")

Clusterer = Literal["kmeans", "kmeans20", "gmm", "mclust", "louvain", "leiden", "own"]
CLUSTERERS: tuple[Clusterer, ...] = get_args(Clusterer)
RANK_BY: Clusterer = "kmeans20"  # ranks, if nothing else is asked for
ORACLE_CLUSTERER: Clusterer = "kmeans"  # chooses the epoch of the oracle, as in STAGUE's paper
KMEANS_SEEDS = (0, 1, 2, 3, 4)
HELD_OUT_SEEDS = (5, 6)  # of k-means on the epochs; these starts choose no epoch
Protocol = Literal["oracle", "oracle_reclustered", "final", "selected", "consensus", "untrained"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
OF_ALL_SEEDS: tuple[Protocol, ...] = ("consensus",)
OF_KMEANS: tuple[Protocol, ...] = ("oracle", "oracle_reclustered", "selected", "consensus")
OF_EACH_SEED = tuple(name for name in PROTOCOLS if name not in OF_ALL_SEEDS)
ALL_SEEDS = -1  # in place of the training seed of a score of all of them
Way = Literal["counts", "cells", "dropout", "jitter"]  # to degrade data
WAYS: tuple[Way, ...] = get_args(Way)
