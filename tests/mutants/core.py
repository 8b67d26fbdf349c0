"""The core: what decides a score or a rank, or whether a result is made again or trusted."""

from __future__ import annotations

_RANKING = (
    "tests/unit/ranking",
    "tests/unit/results/test_aggregates.py",
)
_FIGURES = "tests/unit/figures/test_domain_figures.py"
_RUN_FIT = "tests/processes/test_run_fit.py"
_STAGUE = "tests/unit/methods/test_stague.py"

# Files below the project, and the tests that concern them, the fastest first. The first pattern
# that matches a file counts. Of slow tests only those are named that concern it.
CORE: dict[str, tuple[str, ...]] = {
    "scripts/stbench/scoring/epoch_scores.py": (
        "tests/unit/scoring/test_epoch_scores.py",
        "tests/programs/test_cluster_score_cli.py",
        "tests/programs/test_score_rows_cli.py",
    ),
    "scripts/stbench/scoring/matching.py": (
        "tests/unit/scoring/test_matching.py",
        f"{_FIGURES}::test_matching_handles_more_labels_than_domains_and_unlabeled_cells",
        f"{_FIGURES}::test_of_two_seeds_the_lower_one_is_shown",
    ),
    "scripts/stbench/scoring/metrics.py": ("tests/unit/scoring/test_metrics.py",),
    "scripts/stbench/scoring/protocols.py": ("tests/unit/scoring/test_protocols.py",),
    "scripts/stbench/scoring/scores.py": (
        "tests/programs/test_score_rows_cli.py",
        "tests/programs/test_cluster_score_cli.py",
    ),
    "scripts/stbench/scoring/spatial_metrics.py": ("tests/unit/scoring/test_spatial_metrics.py",),
    "scripts/stbench/ranking/*.py": _RANKING,
    "scripts/stbench/markers/*.py": ("tests/unit/markers",),
    "scripts/stbench/graphs/communities.py": ("tests/unit/clustering/test_algorithms.py",),
    "scripts/stbench/graphs/lattice.py": ("tests/unit/graphs/test_lattice.py",),
    "scripts/stbench/graphs/neighbors.py": ("tests/unit/graphs/test_neighbors.py",),
    "scripts/stbench/graphs/radius.py": ("tests/unit/methods/test_sigra.py",),
    "scripts/stbench/data/validation.py": (
        "tests/unit/data/test_validation.py",
        "tests/unit/data/test_bad_input.py",
    ),
    "scripts/stbench/supervisor/attempts.py": (
        f"{_RUN_FIT}::test_the_last_attempt_records_what_happened_and_does_not_train",
        f"{_RUN_FIT}::test_the_first_attempt_begins_a_new_log_and_a_cut_line_is_no_obstacle",
        "tests/processes/test_slurm_limit.py",
    ),
    "scripts/stbench/supervisor/clean_environment.py": (
        "tests/unit/supervisor/test_clean_environment.py",
    ),
    "scripts/stbench/supervisor/gpu_locks.py": ("tests/processes/test_gpu_locks.py",),
    "scripts/stbench/supervisor/gpu_memory.py": (
        f"{_RUN_FIT}::test_what_the_processes_of_a_fit_hold_on_a_gpu_is_told",
    ),
    "scripts/stbench/supervisor/packages.py": ("tests/unit/supervisor/test_packages.py",),
    "scripts/stbench/supervisor/processes.py": (
        f"{_RUN_FIT}::test_out_of_memory_fails_the_job_so_that_it_is_sent_again",
        f"{_RUN_FIT}::test_children_left_behind_end_with_the_fit",
        f"{_RUN_FIT}::test_kill_9_of_the_fit_alone_takes_its_children_along",
        f"{_RUN_FIT}::test_the_kernel_ends_the_fit_even_where_the_guardian_is_gone",
        f"{_RUN_FIT}::test_kill_9_of_the_supervisor_takes_the_fit_along",
    ),
    "scripts/stbench/supervisor/provenance.py": ("tests/processes/test_provenance.py",),
    "scripts/stbench/supervisor/reuse.py": ("tests/unit/supervisor/test_reuse.py",),
    "scripts/stbench/supervisor/runtime_folder.py": (
        "tests/unit/supervisor/test_runtime_folder.py",
    ),
    "scripts/stbench/supervisor/slurm.py": ("tests/processes/test_slurm_limit.py",),
    "scripts/stbench/runs/redo.py": ("tests/unit/runs/test_redo.py",),
    "scripts/stbench/runs/retry.py": ("tests/programs/test_retry_failed.py",),
    "scripts/stbench/config/identity.py": ("tests/unit/config/test_identity.py",),
    "scripts/stbench/config/keys.py": (
        "tests/unit/config/test_keys.py",
        "tests/unit/config/test_identity.py",
    ),
    "scripts/stbench/common/code_hash.py": ("tests/unit/common/test_code_hash.py",),
    "scripts/methods/stague/clustering.py": (
        f"{_STAGUE}::test_scanpy_communities_meet_the_wanted_number_or_say_so",
        f"{_STAGUE}::test_louvain_does_not_depend_on_the_global_random_stream",
    ),
    "scripts/methods/stague/contrastive.py": ("tests/unit/methods/test_contrastive.py",),
    "scripts/methods/stague/sampled_contrastive.py": (
        "tests/unit/methods/test_sampled_contrastive.py",
    ),
    "scripts/methods/stague/*.py": (
        "tests/unit/methods/test_stague_reference.py",
        _STAGUE,
    ),
}
