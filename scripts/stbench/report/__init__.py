"""The report: one page with the results of a run, which works offline."""
