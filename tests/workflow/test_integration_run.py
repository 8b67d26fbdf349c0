"""Joined sections from the configuration to scores of integration, their table and pictures."""

import pandas as pd

SIMULATE = "layout: layers, n_cells: 120, n_genes: 60, n_domains: 3, section_effect: 0.3, seed: 1"
SECTIONS = ", ".join(f"{{id: part{k}, simulate: {{{SIMULATE}, section: {k}}}}}" for k in (1, 2))


def test_joined_sections_are_scored_and_shown_and_other_datasets_are_not(workflow):
    run = workflow.run(
        f"datasets=[{{id: whole, join: [{SECTIONS}]}}, sim_rings]",
        *("methods=[pca,random]", "seeds=[0]", "clusterers=[kmeans]"),
    )
    assert run.returncode == 0, run.stdout
    folder = workflow.folder / "results"
    made = {path.relative_to(folder).as_posix() for path in folder.glob("integration/*/*.parquet")}
    assert made == {"integration/whole/pca.parquet", "integration/whole/random.parquet"}
    table = pd.read_csv(folder / "default/tables/integration.csv").set_index("method")
    assert set(table["dataset"]) == {"whole"}
    assert table.loc["pca", "ARI"] > table.loc["random", "ARI"] + 0.1
    assert table.loc["pca", "ARI_within"] > table.loc["random", "ARI_within"] + 0.1
    without = set(table["status"]) == {"not_applicable"}  # scib-metrics is not installed here
    reasons = table["reason"].fillna("")
    assert reasons.str.startswith("environment missing: scib-metrics" if without else "").all()
    assert (folder / "default/figures/integration_embedding_whole.png").is_file()
    assert (folder / "default/figures/integration_scores.png").is_file() != without
    assert "Integration of sections" in (folder / "default/report/index.html").read_text()
