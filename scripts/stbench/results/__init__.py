"""The table of all results, and what is computed from it."""
