"""The report: one page that needs no network, made of the results of a run."""
