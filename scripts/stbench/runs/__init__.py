"""Runs: checks before a run, plan, progress, status and the record of a run."""
