"""Queries to SLURM about the job of this process."""

from __future__ import annotations

import os
import subprocess


def reason_of_end() -> str:
    """Why SLURM ends this job, ``TimeLimit`` for example; empty outside of SLURM or if unknown."""
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        return ""
    query = ["squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%r"]
    try:
        return subprocess.run(
            query, capture_output=True, text=True, timeout=10, encoding="utf-8"
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
