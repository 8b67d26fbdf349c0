"""The examples of docs/python-api.md, one after the other, on a small tissue."""

import re

import stbench.api
from stbench.api import Tissue, simulate
from stbench.common.paths import PROJECT

SMALL = {"epochs": 11, "exp_out": 8, "hidden_dim": 8}


def test_the_examples_run(monkeypatch, capsys):
    page = (PROJECT / "docs/python-api.md").read_text()
    example = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    adata = simulate(Tissue(n_cells=70, n_genes=20, n_domains=7, seed=2), "section")
    adata.obs["layer"] = adata.obs["my_domains"] = adata.obs["cluster"]
    fit = stbench.api.fit

    def shortened(method, *given, **params):
        return fit(method, *given, **(SMALL | params if method == "stague" else params))

    monkeypatch.setattr(stbench.api, "fit", shortened)
    after = {"adata": adata}
    exec(compile(example, "docs/python-api.md", "exec"), after)
    printed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert printed == ["smoothed_pca", "pca", "coordinates", "random"]
    assert after["chosen"] in (10, 11) and after["best"] in range(1, 12)
    assert after["adata"].n_obs == 1000
