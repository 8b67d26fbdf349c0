"""make doctor: what is there, what is not, and an exit code that tells whether anything can run."""

import subprocess
import sys

import pytest

import doctor
from doctor import Finding
from stbench.common.paths import SCRIPTS


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """An empty PATH, and a function that puts programs on it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def add(name, prints, code=0):
        (tmp_path / name).write_text(f"#!/bin/sh\nprintf '{prints}'\nexit {code}\n")
        (tmp_path / name).chmod(0o755)

    return add


def by_name(findings):
    return {finding.name: finding for finding in findings}


def test_the_table_says_how_to_fix_only_what_is_missing():
    lines = doctor.table(
        [Finding("disk", True, "9 GB", "free some"), Finding("torch", False, "-", "make setup")]
    ).splitlines()
    assert lines[1].split() == ["disk", "ok", "9", "GB"]
    assert lines[2].split() == ["torch", "missing", "-", "make", "setup"]


@pytest.mark.parametrize(("required", "code"), [(True, 1), (False, 0)])
def test_only_what_every_run_needs_fails(monkeypatch, capsys, required, code):
    finding = Finding("torch", False, "cannot be imported", "make setup", required)
    monkeypatch.setattr(doctor, "CHECKS", (lambda: iter([finding]),))
    if code:
        with pytest.raises(SystemExit, match="every run needs torch"):
            doctor.main()
    else:
        doctor.main()
    assert ("MISSING" if required else "missing") in capsys.readouterr().out


def test_it_runs_before_anything_is_installed(tmp_path):
    bare = [sys.executable, "-I", "-S", "-c"]
    program = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import doctor"
    run = subprocess.run([*bare, program], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_the_partition_of_the_profile_is_looked_for(programs, tmp_path, monkeypatch):
    profile = tmp_path / "profile.yaml"
    monkeypatch.setattr(doctor, "PROFILE", profile)
    profile.write_text("default-resources:\n  slurm_partition: gpu_long\n")
    programs("sbatch", "slurm 23.02\\n")
    programs("sinfo", "cpu (null)\\ngpu gpu:4\\n")
    findings = by_name(doctor.slurm())
    assert findings["SLURM"].ok and not findings["partitions"].ok
    assert findings["partitions"].result == "cpu, gpu; the profile uses gpu_long"
    profile.write_text("default-resources:\n  slurm_partition: 'gpu'\n")
    assert by_name(doctor.slurm())["partitions"].ok
    profile.write_text("slurm-partition-config: mine.yaml\n")
    assert by_name(doctor.slurm())["partitions"].ok


@pytest.mark.parametrize(
    ("line", "accounts", "ok", "said"),
    [
        ("", "lab\\nproject\\n", True, "lab, project; the profile uses none: your default account"),
        ("slurm_account: Lab", "lab\\nproject\\n", True, "lab, project; the profile uses Lab"),
        ("slurm_account: default", "lab\\n", False, "lab; the profile uses default"),
        ("# slurm_account: default", "", True, "no list of accounts here; the profile uses none"),
        ("slurm_account: lab", "", False, "no list of accounts here; the profile uses lab"),
    ],
)
def test_the_account_of_the_profile_is_looked_for(
    programs, tmp_path, monkeypatch, line, accounts, ok, said
):
    profile = tmp_path / "profile.yaml"
    profile.write_text(f"default-resources:\n  slurm_partition: gpu\n  {line}\n")
    monkeypatch.setattr(doctor, "PROFILE", profile)
    programs("sbatch", "slurm 23.02\\n")
    programs("sinfo", "gpu gpu:4\\n")
    programs("sacctmgr", accounts)
    found = by_name(doctor.slurm())["account"]
    assert (found.ok, found.result) == (ok, said)
    assert "slurm_account" in found.fix


def test_the_profile_of_the_repository_names_no_account():
    profile = doctor.PROFILE.read_text()
    assert doctor.setting("slurm_partition", profile) == "gpu"
    assert not doctor.setting("slurm_account", profile)
    assert not doctor.setting("slurm-partition-config", profile)


@pytest.mark.parametrize(("there", "found"), [(False, "no sbatch"), (True, "no cluster")])
def test_a_machine_without_slurm_is_said_to_be_one(programs, there, found):
    if there:
        programs("sbatch", "", code=1)
    (finding,) = doctor.slurm()
    assert not finding.ok and not finding.required and found in finding.result


def test_r_without_mclust(programs):
    assert not by_name(doctor.r())["R"].ok
    programs("Rscript", "FALSE")
    findings = by_name(doctor.r())
    assert findings["R"].ok and "r-cran-mclust" in findings["R mclust"].fix


def test_a_mirror_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "reachable", lambda host: False)
    monkeypatch.setenv("STBENCH_MIRROR", str(tmp_path / "gone"))
    findings = by_name(doctor.data())
    assert not findings["mirror"].ok and "no such folder" in findings["mirror"].result
    assert not findings["network"].ok and "STBENCH_MIRROR" in findings["network"].fix
    monkeypatch.setenv("STBENCH_MIRROR", str(tmp_path))
    assert by_name(doctor.data())["mirror"].ok


def test_too_little_disk_is_required(monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED_GB", 10**9)
    (finding,) = doctor.disk()
    assert finding.state == "MISSING"


def test_environments_of_methods_say_how_they_are_made(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    monkeypatch.setattr(doctor, "ENVIRONMENTS", tmp_path / "envs")
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/default.yaml").touch()
    (tmp_path / "envs/one.yaml").write_text("- pip:\n  - scanpy==1.11.5\n")
    (tmp_path / "envs/two.yaml").write_text("- r-base=4.4\n")
    (tmp_path / ".venv-two").mkdir()
    (tmp_path / ".venv-two/.ready").touch()
    findings = by_name(doctor.environments())
    assert set(findings) == {"env one", "env two"}
    assert "make setup-one" in findings["env one"].fix and findings["env two"].ok
