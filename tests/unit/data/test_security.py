"""What comes from outside is data: never run, never followed elsewhere, never logged in full."""

from __future__ import annotations

import ast
import errno
import io
import pickle
import re
import shlex
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import requests
import yaml
from snakemake.utils import format as snakemake_format

from helpers.malformed import good
from helpers.raw_files import PROJECT, REGISTRY
from stbench.common.errors import InputError, run_cli
from stbench.common.io import atomic_directory, write_h5ad
from stbench.config.benchmark import load_benchmark
from stbench.config.registry import load_registry
from stbench.config.schema import load_yaml
from stbench.data.download import Downloader, FetchError
from stbench.data.fetch import fetch_dataset
from stbench.data.loaders import load
from stbench.data.loaders.h5ad import load_file

SCRIPTS = sorted((PROJECT / "scripts").rglob("*.py"))

# Calls that run what they are given, by the names under which they are usually imported.
FORBIDDEN = {
    *("eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput"),
    *("pickle.load", "pickle.loads", "joblib.load", "pd.read_pickle", "pandas.read_pickle"),
    *("dill.load", "marshal.loads", "shelve.open", "yaml.load", "yaml.unsafe_load"),
    *("yaml.full_load", "shutil.unpack_archive", "pickle.Unpickler"),
}


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    tree = ast.parse(path.read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(ast.unparse(node.func), node) for node in found]


def objections(path: Path) -> list[str]:
    """What a program does that data could turn against its user."""
    told = []
    for name, call in calls(path):
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        bad = name in FORBIDDEN or name.endswith((".extractall", ".extract"))
        bad |= given.get("shell", "False") != "False" or given.get("allow_pickle") == "True"
        bad |= name in ("np.load", "numpy.load") and given.get("allow_pickle") != "False"
        bad |= name == "torch.load" and given.get("weights_only") != "True"
        if bad:
            told.append(f"{path.name}:{call.lineno}: {ast.unparse(call)}")
    return told


def test_no_program_runs_data():
    assert len(SCRIPTS) > 50
    assert [line for path in SCRIPTS for line in objections(path)] == []


def test_the_check_itself_finds_what_it_forbids(tmp_path):
    bad = [
        *("eval(x)", "np.load(x)", "np.load(x, allow_pickle=True)", "torch.load(x)"),
        *("pickle.load(f)", "yaml.load(f)", "subprocess.run(x, shell=True)", "tar.extractall(x)"),
    ]
    good_ones = ["np.load(x, allow_pickle=False)", "torch.load(x, weights_only=True)"]
    (tmp_path / "x.py").write_text("\n".join([*bad, *good_ones]))
    assert len(objections(tmp_path / "x.py")) == len(bad)


class Payload:
    """Unpickling this creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("form", ["npy", "pickle"])
def test_a_pickle_in_place_of_an_array_is_refused_and_not_run(tmp_path, form):
    trap = tmp_path / "sprung"
    content = io.BytesIO()
    if form == "npy":
        np.save(content, np.array([Payload(trap)], dtype=object), allow_pickle=True)
    else:
        pickle.dump(Payload(trap), content)
    (tmp_path / "features.npy").write_bytes(content.getvalue())
    options = {"features": "features.npy", "coordinates": "c.npy", "labels": "l.txt"}
    with pytest.raises(InputError, match="never loaded because they can run any code"):
        load("features", tmp_path, options)
    assert not trap.exists()


def test_a_pickle_in_an_npz_is_refused_and_not_run(tmp_path):
    trap = tmp_path / "sprung"
    np.savez(tmp_path / "x.npz", data=np.array([Payload(trap)], dtype=object))
    options = {"counts": "x.npz", "annotation": "a.csv", "positions": "p.txt", "genes": "g.txt"}
    with pytest.raises(InputError, match="cannot be read as seqfish"):
        load("seqfish", tmp_path, options)
    assert not trap.exists()


@pytest.mark.parametrize("how", ["external link", "external storage", "virtual"])
def test_an_h5ad_that_points_to_other_files_is_refused(tmp_path, how):
    path, other = tmp_path / "mine.h5ad", tmp_path / "secret"
    other.write_bytes(np.arange(80.0).tobytes())
    good().write_h5ad(path)
    with h5py.File(path, "a") as file:
        del file["obsm/spatial"]
        if how == "external link":
            file["obsm/spatial"] = h5py.ExternalLink(str(other), "/x")
        elif how == "external storage":
            file.create_dataset("obsm/spatial", (40, 2), "f8", external=[(str(other), 0, 640)])
        else:
            layout = h5py.VirtualLayout(shape=(40, 2), dtype="f8")
            layout[:] = h5py.VirtualSource(str(other), "x", shape=(40, 2))
            file.create_virtual_dataset("obsm/spatial", layout)
    with pytest.raises(InputError, match="obsm/spatial is in another file"):
        load_file(path)


def test_an_h5ad_bomb_is_refused_unread(tmp_path):
    path = tmp_path / "mine.h5ad"
    good().write_h5ad(path)
    with h5py.File(path, "a") as file:
        del file["X"]
        chunks = {"chunks": (1000, 1000), "compression": "gzip"}
        file.create_dataset("X", (10**5, 10**5), "f4", **chunks)
    assert path.stat().st_size < 1e6
    with pytest.raises(InputError, match="unpacked size of 40 GB is implausible"):
        load_file(path)


HOSTILE = [
    *("a b", "a'b", 'a"b', "a;b", "$(touch sprung)", "`touch sprung`", "a\nb", "a\n", "ä", "a/b"),
    *(
        "..",
        "-rf",
        "",
        " ",
        "a" * 65,
        "a|b",
        "a&b",
        "a>b",
        "a*b",
        "a\\b",
        "a\0b",
        "\u202eab",
        "{a}",
    ),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_id_is_refused_in_one_line(name):
    config = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    for section in (
        {"id": name, "path": "x.h5ad", "n_domains": 2},
        {"id": name, "simulate": {"layout": "rings"}},
    ):
        with pytest.raises(InputError) as error:
            load_benchmark({**config, "datasets": [section]}, PROJECT / "config")
        assert "id" in str(error.value)


def test_every_word_of_a_rule_is_quoted():
    """Texts of users (ids, paths, settings) go into commands through Snakemake's ``:q`` only."""
    safe = {"threads", "wildcards.seed", "params.record", "params.keep", "params.trainable"}
    safe |= {"params.clusterers", "params.rank_by"}  # of fixed lists
    safe |= {"params.refine", "params.ties"}  # a number, a fixed word
    safe |= {"params.python", "params.gdown"}  # ours, in double quotes: a variable is expanded
    (train,) = (PROJECT / "rules").glob("train.smk")
    assert "params.settings:q" in fields("".join(strings_of_shell(train.read_text())))
    for rules in sorted((PROJECT / "rules").rglob("*.smk")):
        for text in strings_of_shell(rules.read_text()):
            for word in fields(text):
                name, _, form = word.partition(":")
                numeric = name.startswith("resources.")
                assert form == "q" or numeric or name in safe, f"{rules.name}: {{{word}}}"


def strings_of_shell(text: str) -> list[str]:
    """The command of every ``shell:`` in a file of rules."""
    found = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip() == "shell:":
            for part in lines:
                if not part.strip().startswith(('"', "'")):
                    break
                found.append(part)
    return found


def fields(text: str) -> list[str]:
    return list(re.findall(r"(?<!\{)\{([^{}]+)\}(?!\})", text))


def test_quoting_as_snakemake_does_it_keeps_any_text_one_word():
    for text in filter(None, HOSTILE):  # an empty text becomes no word at all
        if "\0" not in text:
            assert shlex.split(snakemake_format("{x:q}", x=text)) == [text]


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/x", "file:///etc/passwd", "ftp://example.org/x", "//example.org/x"),
        *("https://user:word@example.org/x", "https://example.org", "https://ex ample.org/x"),
        *("https://example.org/x\nHost: other", "https:/etc/passwd"),
    ],
)
def test_the_registry_takes_plain_https_only(tmp_path, url):
    one = load_yaml(REGISTRY)["BZ5"]
    one["sources"] = [{**one["sources"][0], "files": [{"name": "a/b", "url": [url]}]}]
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"BZ5": one}))
    with pytest.raises(InputError, match="BZ5"):
        load_registry(tmp_path / "datasets.yaml")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x/y", "a/../../b", "a/..", "a", "a/b c", "a/;"]
)
def test_a_file_name_of_the_registry_stays_in_its_mirror(tmp_path, name):
    one = load_yaml(REGISTRY)["BZ5"]
    one["sources"] = [{**one["sources"][0], "files": [{"name": name}]}]
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"BZ5": one}))
    with pytest.raises(InputError, match="BZ5"):
        load_registry(tmp_path / "datasets.yaml")


class Answer(requests.Response):
    """A redirect to a signed address, then a refusal."""

    def __init__(self, status: int, location: str = "") -> None:
        super().__init__()
        self.status_code, self.raw = status, io.BytesIO()
        if location:
            self.headers["Location"] = location


def test_a_signed_address_and_a_proxys_password_are_not_told(monkeypatch, tmp_path):
    answers = [Answer(302, "https://a.org/x?signature=hushhush"), Answer(403)]
    monkeypatch.setattr(requests.Session, "get", lambda *a, **k: answers.pop(0))
    file = {"name": "a/b", "url": ["https://a.org/y"]}
    entry = {"id": "mine", "sources": [{"name": "s", "files": [file]}]}
    with pytest.raises(InputError, match="HTTP status 403") as error:
        fetch_dataset(entry, tmp_path / "raw/mine", [], Downloader({"https://a.org"}))
    assert "hushhush" not in str(error.value)

    monkeypatch.undo()
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://me:hushhush@127.0.0.1:9")
    with pytest.raises(InputError, match=r"https://a\.org") as error:
        fetch_dataset(
            entry, tmp_path / "raw/mine", [], Downloader({"https://a.org"}, tries=1, pause=0)
        )
    assert "hushhush" not in str(error.value)


def test_a_redirect_to_no_address_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(requests.Session, "get", lambda *a, **k: Answer(302, "https://[::1/x"))
    with pytest.raises(FetchError, match=r"^https://a\.org: redirects to an invalid URL$"):
        Downloader({"https://a.org"}).download("https://a.org/y", tmp_path / "y")


# The machine's faults are not the data's


def test_a_full_disk_is_no_property_of_a_dataset(monkeypatch, tmp_path):
    """It must not be recorded as data that cannot be had: the next run has to try again."""

    def full(*paths):
        raise OSError(errno.ENOSPC, "No space left on device", "raw/mine/b")

    (tmp_path / "mirror/a").mkdir(parents=True)
    (tmp_path / "mirror/a/b").write_bytes(b"x")
    monkeypatch.setattr(shutil, "copyfile", full)
    entry = {"id": "mine", "sources": [{"name": "s", "files": [{"name": "a/b"}]}]}

    def main() -> None:
        fetch_dataset(entry, tmp_path / "raw/mine", [tmp_path / "mirror"], Downloader(()))

    with pytest.raises(SystemExit) as exit_:
        run_cli(main)
    line = "error: raw/mine/b: No space left on device; fix the disk and run again"
    assert exit_.value.code == line
    assert list((tmp_path / "raw").iterdir()) == []


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    (tmp_path / ".x.h5ad.99999.tmp.h5ad").write_bytes(b"half")
    (tmp_path / ".y.99999.tmp").mkdir()
    (tmp_path / ".other.h5ad.99999.tmp.h5ad").write_bytes(b"of another file")
    write_h5ad(tmp_path / "x.h5ad", good())
    with atomic_directory(tmp_path / "y"):
        pass
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"x.h5ad", "y", ".other.h5ad.99999.tmp.h5ad"}
