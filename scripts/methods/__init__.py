"""One file per method, each with ``fit(adata, n_domains, seed, device, params, record)``.

These files are imported by ``scripts/fit.py`` and never run as programs.
"""
