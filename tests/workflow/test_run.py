"""A small benchmark from data to tables: complete, repeatable, resumable."""

import html
import json
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile
from contextlib import contextmanager

import anndata
import h5py
import pandas as pd
import pytest
import yaml

from stbench.common.paths import PROJECT
from stbench.scoring.metrics import ari
from stbench.supervisor.fork_server import SOCKET
from workflow.conftest import QUICK, TISSUE, Workflow, copy_of_the_project, environment

SMALL = (f"datasets=[{TISSUE}]", "seeds=[0,1]", QUICK)
METHODS = ["stague", "jittered_truth", "smoothed_pca", "pca", "random"]
WHOLE = (*SMALL, f"methods=[{','.join(METHODS)}]")
TABLES = ("results/default/tables",)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One undisturbed run of five methods on a small tissue, by a copy of the project."""
    folder = tmp_path_factory.mktemp("finished")
    source = copy_of_the_project(folder / "source")
    (folder / "run").mkdir()
    flow = Workflow(source, folder / "run", environment())
    flow.environment.pop(SOCKET)  # the run starts a server of its own
    return flow, flow.run(*WHOLE)


def test_every_cell_is_scored_and_the_ranking_is_printed(finished):
    flow, run = finished
    assert run.returncode == 0, run.stdout
    results = flow.results()
    assert set(results.method) == set(METHODS)
    final = results.query("protocol == 'final' and metric == 'ARI' and clusterer == 'kmeans'")
    assert len(final) == 2 * len(METHODS)
    assert set(final.status) == {"ok"}
    assert final.value.between(-0.5, 1).all()
    ari = final.groupby("method").value.mean()
    assert ari["jittered_truth"] > ari["smoothed_pca"] > ari["random"] - 0.1
    assert abs(ari["random"]) < 0.1
    assert "STAGUE" in run.stdout and "results/default/tables" in run.stdout


def test_time_memory_and_circumstances_of_every_fit_are_recorded(finished):
    flow, _ = finished
    files = list((flow.folder / "results/fits").rglob("status.json"))
    assert len(files) == 2 * len(METHODS)
    for file in files:
        status = json.loads(file.read_text())
        assert status["seconds"] > 0 and status["peak_rss_mb"] > 10
        assert status["device"] == "cpu" and status["host"]
        assert (status["method"], f"seed{status['seed']}") == (file.parts[-4], file.parts[-2])


def test_untrained_and_oracle_are_given_for_the_trainable_method_only(finished):
    flow, _ = finished
    results = flow.results().query("metric == 'ARI' and clusterer == 'kmeans'")
    for protocol in ("oracle", "untrained"):
        status = results[results.protocol == protocol].groupby("method").status.unique()
        assert list(status["stague"]) == ["ok"]
        assert all(list(status[m]) == ["not_applicable"] for m in status.index if m != "stague")


def test_every_method_has_a_consensus_of_all_seeds(finished):
    flow, _ = finished
    rows = flow.results().query(
        "protocol == 'consensus' and metric == 'ARI' and clusterer == 'kmeans'"
    )
    rows = rows.set_index("method")
    assert len(rows) == len(METHODS) and set(rows.seed) == {-1} and set(rows.status) == {"ok"}
    assert rows.reason["pca"] == "consensus of 40 labelings of 2 training seeds"
    assert (flow.folder / "results/default/tables/ARI_consensus.csv").is_file()


def test_oracle_is_never_below_the_final_epoch(finished):
    flow, _ = finished
    stague = flow.results().query(
        "method == 'stague' and metric == 'ARI' and clusterer == 'kmeans'"
    )
    by_seed = stague.pivot(index="seed", columns="protocol", values="value").drop(index=-1)
    assert (by_seed.oracle >= by_seed.final - 1e-12).all()


def test_figures_are_there(finished):
    flow, _ = finished
    folder = flow.folder / "results/default/figures"
    names = {path.name for path in folder.glob("[!.]*")}
    captions = json.loads((folder / "captions.json").read_text())
    wanted = {"gallery_tissue", "curves_tissue", "protocols_tissue", "box_ARI", "gap"}
    assert wanted | {"overview", "heatmap_ARI_final"} <= captions.keys()
    ends = {f"{stem}.{ending}" for stem in captions for ending in ("png", "pdf")}
    assert ends | {"captions.json"} <= names
    assert {name.removesuffix(".svg") for name in names - ends} <= {*captions, "captions.json"}
    assert "box_ARI.svg" in names and "gallery_tissue.svg" not in names  # it has maps of cells


def test_the_report_tells_of_the_run(finished):
    flow, run = finished
    page = (flow.folder / "results/default/report/index.html").read_text()
    assert "Report:   results/default/report/index.html" in run.stdout
    assert "tissue" in page and "Nie et al., Advanced Science 2024" in page
    stems = {path.stem for path in (flow.folder / "results/default/figures").glob("*.png")}
    pictures = stems - {"critical_difference_common"}  # nothing failed, so it shows the same
    assert page.count("data:image/") >= len(pictures) > 0


def test_the_domains_of_any_tissue_are_one_file_on_request(finished):
    flow, _ = finished
    file = "results/default/domains/tissue.h5ad"
    run = flow.run(*WHOLE, args=(file,))
    assert run.returncode == 0, run.stdout
    tissue = anndata.read_h5ad(flow.folder / file)
    assert tissue.shape == (150, 40)
    assert {"stague", "stague_consensus", "smoothed_pca"} <= set(tissue.obs)
    assert not {"jittered_truth", "pca", "coordinates", "random"} & set(tissue.obs)
    assert ari(tissue.obs["cluster"], tissue.obs["stague_consensus"]) > 0.3
    assert "consensus" not in tissue.obs  # of two methods there is none


def test_running_again_does_nothing(finished):
    flow, _ = finished
    again = flow.run(*WHOLE, args=("--dry-run",))
    assert "Nothing to be done" in again.stdout


def test_a_second_run_gives_the_same_bytes_though_it_was_killed_in_the_middle(finished, tmp_path):
    """Of two of the methods; the tables of a run that is killed are compared by test_soak.py."""
    flow, _ = finished
    again = Workflow(flow.source, tmp_path, environment())
    config, targets = (*SMALL, "methods=[stague,pca]"), TABLES
    running = subprocess.Popen(
        again.command(*config, args=targets),
        cwd=again.folder,
        env=again.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    fits = again.folder / "results/fits"
    while running.poll() is None and len(list(fits.rglob("status.json"))) < 2:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (again.folder / "results/default/tables").exists(), "killed too late to tell"
    assert again.run(*config, args=("--unlock",)).returncode == 0
    resumed = again.run(*config, args=targets)
    assert resumed.returncode == 0, resumed.stdout
    for kind in ("scores", "epochs"):
        for method in ("stague", "pca"):
            file = f"{kind}/tissue/{method}/*.parquet"
            assert again.found(file).read_bytes() == flow.found(file).read_bytes(), file


def test_a_further_seed_and_clusterer_retrain_nothing(finished, tmp_path):
    flow, _ = finished
    copy = tmp_path / "results"
    subprocess.run(["cp", "-a", flow.folder, copy], check=True)
    wider = Workflow(flow.source, copy, environment())
    more = (f"datasets=[{TISSUE}]", "seeds=[0,1,2]", QUICK, "methods=[stague]")
    run = wider.run(*more, "clusterers=[kmeans,gmm,leiden]", "rank_by=kmeans", args=TABLES)
    assert run.returncode == 0, run.stdout
    before, after = (run.found("fits/tissue/stague/*") for run in (flow, wider))
    for seed in ("seed0", "seed1"):
        kept = (before / seed / "fit.h5ad").stat().st_mtime_ns
        assert (after / seed / "fit.h5ad").stat().st_mtime_ns == kept
    results = wider.results().query("metric == 'ARI' and status == 'ok'")
    assert set(results.query("protocol == 'oracle'").seed) == {0, 1, 2}
    assert "leiden" in set(results.clusterer)


def test_an_edit_reruns_only_what_it_touches(finished):
    flow, _ = finished
    script = flow.source / "scripts/methods/pca.py"
    text, times = script.read_text(), (script.stat().st_atime_ns, script.stat().st_mtime_ns)
    script.write_text(text + "\nEDITED = True\n")
    again = flow.run(*WHOLE, args=("--dry-run", "--quiet", "host"))
    script.write_text(text)
    os.utime(script, ns=times)
    rules = set(re.findall(r"^(?:local)?rule (\w+):", again.stdout, re.M))
    trained = {rule for rule in rules if rule.startswith("train_")}
    assert trained == {"train_pca"}
    assert not rules & {"simulate", "preprocess"}


def test_the_configuration_of_real_data_dry_runs(workflow):
    file = PROJECT / "config/real.yaml"
    run = workflow.run(args=("--dry-run", "--configfile", str(file)))
    assert run.returncode == 0, run.stdout
    datasets = len(yaml.safe_load(file.read_text())["datasets"])
    counts = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout, re.M))
    assert int(counts["preprocess"]) == datasets


def test_the_profile_retries_as_often_as_the_configuration_attempts():
    profile = yaml.safe_load((PROJECT / "profiles/default/profile.yaml").read_text())
    config = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    assert profile["retries"] == config["attempts"] - 1


def test_the_report_of_snakemake_has_the_texts_of_all_figures(finished):
    flow, _ = finished
    run = flow.run(*WHOLE, args=("--report", "report.zip"))
    assert run.returncode == 0, run.stdout
    with zipfile.ZipFile(flow.folder / "report.zip") as archive:
        names = archive.namelist()
        (page,) = (name for name in names if name.endswith("report.html"))
        shown = html.unescape(archive.read(page).decode()).replace('\\"', '"')
    captions = json.loads((flow.own / "figures/captions.json").read_text())
    for stem, one in captions.items():
        assert any(name.endswith(f"/{stem}.png") for name in names), stem
        assert one["title"] in shown and one["caption"] in shown, stem
        assert f'"{one["dataset"] or "All datasets"}"' in shown


def test_the_run_is_described_for_archives(finished):
    flow, _ = finished
    crate = json.loads((flow.own / "ro-crate-metadata.json").read_text())
    files = {one["@id"] for one in crate["@graph"] if one["@type"] == "File"}
    assert {"results.parquet", "report/index.html", "tables/leaderboard.csv"} <= files
    assert {"#dataset-tissue", *(f"#method-{m}" for m in METHODS)} <= {
        one["@id"] for one in crate["@graph"]
    }


def test_the_catalog_finds_the_same_workflow(workflow):
    catalog = yaml.safe_load((PROJECT / ".snakemake-workflow-catalog.yml").read_text())
    assert catalog["usage"]["report"] is True
    assert (PROJECT / "config/README.md").is_file()
    other = Workflow(PROJECT / "workflow", workflow.folder, workflow.environment)
    target = ("plan", "--dry-run", "--quiet", "host")
    here, there = (flow.run(args=target) for flow in (workflow, other))
    assert here.returncode == there.returncode == 0, there.stdout
    assert "rule plan:" in here.stdout and "rule plan:" in there.stdout


OTHER = TISSUE.replace("tissue", "other").replace("layers", "rings")
TWO = ("methods=[pca,random]", "seeds=[0,1]")


def ship(flow, *config):
    """What shipping prints, and then the manifest, the scores and the labels of the folder."""
    run = flow.run(*config, args=("ship",))
    folder = flow.source / "resources/verdict"
    with h5py.File(folder / "labels.h5") as file:
        labels = {
            dataset: {"digest": group.attrs["cells_digest"]}
            | {method: list(values) for method, values in group.items()}
            for dataset, group in file.items()
        }
    manifest = json.loads((folder / "manifest.json").read_text())
    return run.stdout, manifest, pd.read_parquet(folder / "scores.parquet"), labels


@contextmanager
def without_scores(flow, *methods):
    """For a time, the run has no scores of these methods on the tissue."""
    files = [flow.found(f"scores/tissue/{method}/*.parquet") for method in methods]
    hidden = [file.rename(file.with_name("hidden")) for file in files]
    try:
        yield
    finally:
        for file, path in zip(files, hidden, strict=True):
            path.rename(file)


@pytest.fixture
def nothing_shipped(finished):
    folder = finished[0].source / "resources/verdict"
    shutil.rmtree(folder)
    folder.mkdir()


def test_a_further_run_adds_to_what_is_shipped(finished, nothing_shipped):
    flow, _ = finished
    first = f"datasets=[{TISSUE}]", *TWO
    printed, before, scores, labels = ship(flow, *first)
    assert "2 entries (0 shipped before)" in printed

    more = f"datasets=[{OTHER}]", *TWO
    made = flow.paths(*(("scores", "other", method) for method in ("pca", "random")), config=more)
    assert flow.run(*more, args=tuple(made)).returncode == 0
    with without_scores(flow, "pca", "random"):
        printed, after, both, of_both = ship(flow, *more)
    assert "4 entries (2 shipped before)" in printed and "run again" not in printed
    for key in ("entries", "tissues"):
        assert after[key].keys() == {"tissue", "other"}
        assert after[key]["tissue"] == before[key]["tissue"]
    kept = both[both["dataset"] == "tissue"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, scores)
    assert of_both["tissue"] == labels["tissue"] and of_both["other"].keys() > {"pca", "random"}


def test_what_changed_is_not_kept_and_listed(finished, nothing_shipped):
    flow, _ = finished
    ship(flow, f"datasets=[{TISSUE}]", *TWO)
    path = flow.source / "resources/verdict/manifest.json"
    manifest = json.loads(path.read_text())
    files = {name: path.with_name(name).read_bytes() for name in manifest["files"]}
    with without_scores(flow, "random"):
        for key, entries in {"scores": 2, "data": 1, "fit": 1}.items():
            changed = json.loads(json.dumps(manifest))
            changed["entries"]["tissue"]["random"][key] = "other"
            path.write_text(json.dumps(changed))
            printed, after, *_ = ship(flow, f"datasets=[{TISSUE}]", *TWO)
            assert f"{entries} entries" in printed, printed
            assert ("parameters changed: tissue/random" in printed) == (key != "scores")
            assert after["scored_by_earlier_code"] == (key == "scores")
            for name, content in files.items():
                path.with_name(name).write_bytes(content)
    path.write_text(json.dumps(manifest))
    refused = flow.run(f"datasets=[{TISSUE}]", "methods=[pca]", "seeds=[0]", args=("ship",))
    assert refused.returncode == 1 and "error: seeds is [0], but [0, 1] in" in refused.stdout
    assert json.loads(path.read_text()) == manifest


def test_a_run_is_shipped_and_a_method_is_shown_beside_it(finished, nothing_shipped):
    flow, _ = finished
    packed = flow.run(*WHOLE, args=("ship",))
    assert packed.returncode == 0, packed.stdout
    folder = flow.source / "resources/verdict"
    with h5py.File(folder / "labels.h5") as labels:
        assert set(labels["tissue"]) == set(METHODS)
        assert labels["tissue/pca"].shape == (150,) and labels["tissue/pca"].dtype == "int8"
    chosen = (*SMALL, "methods=[stague,smoothed_pca]", "shipped=true", "name=beside")
    run = flow.run(*chosen, args=("results/beside/comparison",))
    assert run.returncode == 0, run.stdout
    own = flow.folder / "results/beside"
    text = (own / "comparison/stague.txt").read_text()
    assert "STAGUE beside shipped results" in text and "differs by at most 0.000" in text
    assert "(stale)" not in text
    # Two seeds have an interval because the noise of cells is known on both sides.
    assert re.search(r"lift over the best control on tissue [^\n]*: [+-]\d\.\d+ \[[+-]", text)
    sources = pd.read_parquet(own / "results.parquet").groupby("method")["source"].unique()
    assert {name: list(kind) for name, kind in sources.items()} == {
        name: [""] if name in ("stague", "smoothed_pca") else ["shipped"] for name in METHODS
    }
    assert "Random‡" in (own / "tables/LEADERBOARD.md").read_text()
