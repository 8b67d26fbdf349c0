"""What a cluster is asked for, with programs in place of SLURM's: runs anywhere.

The jobs of the paper of one seed are examined in a dry run; a slice of them is submitted.
"""

import json
import os
import re
import subprocess

import pytest
import yaml

from stbench.common.paths import PROJECT
from workflow.conftest import environment, run_snakemake

PAPER = str(PROJECT / "config/paper.yaml")
PROFILE = ("--profile", str(PROJECT / "profiles/slurm"))
LOCAL = {"all", "download", "fetch"}

RECORD = """#!/bin/sh
printf '%s\\0' "$@" > "$SUBMITTED/$$"
echo $$
"""
ALL_FAILED = """#!/bin/sh
for job in "$SUBMITTED"/*; do echo "${job##*/}|FAILED"; done
"""
SILENT = "#!/bin/sh\n"
REFUSE = "#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpu' >&2\nexit 1\n"
PROGRAMS = {"sbatch": RECORD, "squeue": ALL_FAILED, "sacct": ALL_FAILED}
PROGRAMS |= dict.fromkeys(("scancel", "scontrol", "sacctmgr", "sshare", "sinfo"), SILENT)


def asks_for_gpu():
    methods = yaml.safe_load((PROJECT / "config/methods.yaml").read_text())
    return {
        f"train_{name}": int(entry.get("resources", {}).get("gpu", 0))
        for name, entry in methods.items()
    }


@pytest.fixture
def cluster(workflow, tmp_path):
    """The workflow with SLURM's commands replaced; they note what is submitted and fail it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in PROGRAMS.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (tmp_path / "submitted").mkdir()
    workflow.environment = environment(SUBMITTED=str(tmp_path / "submitted"))
    workflow.environment["PATH"] = f"{folder}:{workflow.environment['PATH']}"
    return workflow


def on_cluster(flow, *config, args=()):
    """Like ``flow.run``, but the profile decides about cores."""
    command = [word for word in flow.command(args=args) if word not in ("--cores", "2")]
    more = ("--config", *config) if config else ()
    return run_snakemake([*command, *more], flow.folder, flow.environment)


def test_the_whole_paper_asks_for_gpus_memory_and_time(cluster):
    args = (*PROFILE, "--dry-run", "--quiet", "host", "--configfile", PAPER)
    run = on_cluster(cluster, "seeds=[0]", args=args)  # all seeds ask for the same
    assert run.returncode == 0, run.stdout
    assert run.stdout.count("Group job ") < 120  # and two thousand jobs
    alone = set(re.findall(r"^rule (\w+):", run.stdout, flags=re.M))
    assert all(rule in LOCAL or rule.startswith("train_") for rule in alone), alone
    blocks = re.split(r"^ *(?:local)?rule ", run.stdout, flags=re.M)[1:]
    gpus, seen = asks_for_gpu(), {}
    for block in blocks:
        rule = block[: block.index(":")]
        if rule in LOCAL:
            continue
        if rule == "train_variant":  # with published settings
            rule = f"train_{re.search('method=([a-z0-9]+)__published', block)[1]}"
        resources = dict(re.findall(r"(\w+)=([^,\s]+)", re.search("resources: .*", block)[0]))
        assert int(resources.get("gpu", 0)) == gpus.get(rule, 0), block
        assert int(resources["mem_mb"]) >= 1000 and int(resources["runtime"]) >= 1, block
        assert resources["slurm_partition"] and "slurm_account" not in resources, block
        seen[rule] = seen.get(rule, 0) + 1
    paper = yaml.safe_load((PROJECT / "config/paper.yaml").read_text())
    datasets = len(paper["datasets"])
    fits = {method: seen[f"train_{method}"] for method in paper["methods"]}
    assert min(fits.values()) == datasets and fits["stague"] == 2 * datasets
    assert gpus["train_stague"] == 1
    assert seen["preprocess"] == datasets


def test_what_is_submitted_asks_for_one_gpu_or_none(cluster, tmp_path):
    """Every method of the paper on BZ9, whose preprocessing is taken for done; BZ5 begins."""
    methods = yaml.safe_load((PROJECT / "config/paper.yaml").read_text())["methods"]
    asked = [(kind, name) for kind in ("data", "preprocessed") for name in ("BZ9", "BZ5")]
    asked += [("fit", "BZ9", method, 0) for method in methods]
    chosen = ("datasets=[BZ5,BZ9]",)
    data, begins, preprocessed, _, *targets = cluster.paths(*asked, config=chosen, file=PAPER)
    for name in (data, preprocessed):
        (cluster.folder / name).parent.mkdir(parents=True)
        (cluster.folder / name).touch()
    args = (*PROFILE, "--configfile", PAPER, "--retries", "0", "--latency-wait", "0")
    args += ("--slurm-init-seconds-before-status-checks", "1")
    args += ("--seconds-between-status-checks", "1", *targets, begins)
    run = on_cluster(cluster, *chosen, args=args)
    calls = [path.read_text().split("\0") for path in (tmp_path / "submitted").iterdir()]
    submitted = {
        words[words.index("--comment") + 1].removeprefix("rule_"): words for words in calls
    }
    kinds = {name.partition("-")[0] for name in submitted}
    assert kinds >= {"data", "cpu", "gpu"} and len(calls) < len(methods) / 3, run.stdout
    assert any("_prepare" in name for name in submitted)
    gpus = asks_for_gpu()
    for name, words in submitted.items():
        on_gpu = name.startswith("gpu-") or gpus.get(name.partition("_wildcards_")[0])
        asked = [word for word in words if word.startswith(("--gpus", "--gres"))]
        assert asked == (["--gpus=1"] if on_gpu else []), name
        assert int(words[words.index("--mem") + 1]) >= 1000
        assert int(words[words.index("-t") + 1]) >= 10
        assert "--cpus-per-task=1" in words and words[words.index("-p") + 1] == "gpu"
    assert json.loads(cluster.found("raw/BZ5/*/status.json").read_text())


def test_a_refused_submission_is_shown_with_its_reason(cluster, tmp_path):
    (tmp_path / "bin/sbatch").write_text(REFUSE)
    chosen = ("datasets=[BZ5]", "methods=[pca, random]")
    args = (*PROFILE, "--retries", "0", *cluster.paths(("labels", "BZ5", "pca"), config=chosen))
    run = on_cluster(cluster, *chosen, args=args)
    assert run.returncode != 0
    assert "not submitted: SLURM sbatch failed. The error message was 'sbatch: error:" in run.stdout


def test_the_tables_of_a_dataset_ask_for_minutes(cluster):
    tissues = ", ".join(
        f"{{id: t{i}, simulate: {{layout: layers, n_cells: 200}}}}" for i in range(3)
    )
    chosen = (f"datasets=[{tissues}]", "methods=[stague]", "published_settings=false")
    run = on_cluster(cluster, *chosen, args=(*PROFILE, "--dry-run", "--quiet", "host"))
    assert run.returncode == 0, run.stdout
    blocks = re.split(r"^ *(?:local)?rule ", run.stdout, flags=re.M)[1:]
    minutes = {"score_interactions": set(), "aggregate": set()}
    for block in blocks:
        if (rule := block[: block.index(":")]) in minutes:
            minutes[rule].add(int(re.search(r"runtime=(\d+)", block)[1]))
    assert minutes["score_interactions"] == {2} and min(minutes["aggregate"]) >= 30


def test_the_profiles_agree_and_name_no_limit_on_gpus_for_a_cluster():
    default, slurm, local = (
        yaml.safe_load((PROJECT / f"profiles/{name}/profile.yaml").read_text())
        for name in ("default", "slurm", "local")
    )
    assert slurm["retries"] == default["retries"]
    assert "resources" not in slurm and slurm["cores"] == 1
    assert list(slurm["default-resources"]) == ["slurm_partition"]
    assert local["resources"] == ["gpu=1"] and "executor" not in local


def commands(target, *settings):
    """The Snakemake commands of a target of make."""
    make = ["make", "--dry-run", target, *settings]
    ours = {"MAKEFLAGS", "CORES", "ARGS", "CONFIG", "PROFILE", "DATA", "VENV"}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    printed = subprocess.run(
        make, cwd=PROJECT, env=env, capture_output=True, text=True, check=True
    ).stdout
    # A recipe may list what is missing before and after the run.
    lines = re.split(r"; code=\$\?; | && exit|\n", printed)
    found = [line for line in lines if "/snakemake " in line]
    assert found, printed
    return found


@pytest.mark.parametrize("target", ["run", "real", "reproduce", "plan", "tables", "fetch"])
def test_make_hands_configuration_and_machine_to_snakemake(target):
    mine = ("CONFIG=config/cci.yaml", "CORES=3", "ARGS=--dry-run")
    for line in commands(target, *mine):
        assert line.endswith(" --cores 3 --configfile config/cci.yaml --dry-run")
    for line in commands(target, "PROFILE=slurm"):
        assert "--profile profiles/slurm" in line and "--cores" not in line
    named = {"real": "real", "reproduce": "paper"}.get(target)
    assert all((f"config/{named}.yaml" in line) == bool(named) for line in commands(target))


@pytest.mark.parametrize("target", ["plan", "tables", "ship", "fetch", "bundle", "reproduce"])
def test_only_what_makes_no_data_leaves_the_lock_of_a_run(target):
    for line in commands(target, "CONFIG=config/cci.yaml"):
        only_reads = re.search(r"/snakemake (plan|tables|ship|fetch_plan) ", line)
        assert ("--nolock" in line) == bool(only_reads), line


def test_make_takes_its_settings_from_the_command_line_only(monkeypatch):
    for name, value in {"DATA": "/scratch/me", "N": "7", "METHOD": "x", "LABEL": "y"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONFIG", "of_another_program.cfg")
    make = ["make", "--dry-run", "plan", "CONFIG=config/paper.yaml"]
    lines = subprocess.run(make, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert "own_section.py" not in lines and "--configfile config/paper.yaml" in lines
    make = ["make", "--dry-run", "run"]
    lines = subprocess.run(make, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert "--configfile" not in lines


@pytest.mark.parametrize("target", ["status", "retry"])
def test_programs_that_take_one_configuration_get_the_last(target):
    make = ["make", "--dry-run", target, "CONFIG=config/real.yaml config/cci.yaml"]
    lines = subprocess.run(make, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert "--configfile config/cci.yaml" in lines and "real.yaml" not in lines


@pytest.mark.parametrize("setting", ["CONFIG=config/no.yaml", "PROFILE=no"])
def test_make_refuses_what_does_not_exist_in_one_line(setting):
    make = subprocess.run(
        ["make", "-n", "run", setting], cwd=PROJECT, capture_output=True, text=True
    )
    (line,) = make.stderr.splitlines()
    assert make.returncode != 0 and f"{setting}: no such f" in line


def test_partitions_accounts_and_paths_are_not_in_rules():
    for path in (PROJECT / "rules").rglob("*.smk"):
        assert not re.search("partition|account|slurm_", path.read_text()), path
