"""A run as a whole: checks before it, plan, progress, status and the record it leaves."""
