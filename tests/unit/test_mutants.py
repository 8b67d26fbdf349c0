"""``make mutants``: which faults are put into code, and what becomes of them."""

from __future__ import annotations

import os

import pytest

from mutants.__main__ import LEAST, PROJECT, checks_of, draw, survivors, verdict
from mutants.core import CORE
from mutants.mutations import mutations
from mutants.trial import Trial

TABLE = {"*.py": ("tests/test_it.py",)}
CODE = '''"""Words: 1 < 2."""

from __future__ import annotations

__all__ = ["clipped"] + []
SIZE: tuple[1, 2] = (3, True)


def clipped(values: list[7], low: float = 0) -> 8:
    """Say 4 + 5."""
    made = values[: len(values)]
    if low > 9 or not values:
        words = min(values)
        raise ValueError(f"{low + 1} of {words} is wrong")
    print(1 + 2)
    made.sort()
    made += [low]
    text = "-" * 10 + ", ".join(values[:3])
    return max(made[0] * 2, text)
'''


def changed(code: str) -> list[str]:
    """Each mutation of a line, shown."""
    source = code.encode()
    return [mutation.shown(source) for mutation in mutations(source)]


def test_every_place_that_decides_a_value_has_its_faults_and_words_have_none():
    assert changed(CODE) == [
        "SIZE: tuple[1, 2] = (3, True) -> SIZE: tuple[1, 2] = (4, True)",
        "SIZE: tuple[1, 2] = (3, True) -> SIZE: tuple[1, 2] = (3, False)",
        "def clipped(values: list[7], low: float = 0) -> 8:"
        " -> def clipped(values: list[7], low: float = 1) -> 8:",
        "made = values[: len(values)] -> made = values[: (len(values)) + 1]",
        "if low > 9 or not values: -> if low >= 9 or not values:",
        "if low > 9 or not values: -> if low > 10 or not values:",
        "if low > 9 or not values: -> if low > 9 and not values:",
        "if low > 9 or not values: -> if low > 9 or bool(values):",
        "made.sort() -> pass",
        "made += [low] -> pass",
        "return max(made[0] * 2, text) -> return min(made[0] * 2, text)",
        "return max(made[0] * 2, text) -> return max(made[1] * 2, text)",
        "return max(made[0] * 2, text) -> return max(made[0] / 2, text)",
        "return max(made[0] * 2, text) -> return max(made[0] * 3, text)",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a <= b", "a < b"),
        ("a >= b", "a > b"),
        ("a == b", "a != b"),
        ("a is b", "a is not b"),
        ("a is not b", "a is b"),
        ("a in b", "a not in b"),
        ("a not in b", "a in b"),
        ("(a) < (b)", "(a) <= (b)"),
        ("é - b", "é + b"),
        ("b = a.any()", "b = a.all()"),
        ('a[1] / "b"', 'a[2] / "b"'),
        ("-1", "-2"),
        ("a[b:]", "a[(b) + 1:]"),
    ],
)
def test_what_replaces_what(before: str, after: str) -> None:
    assert changed(before) == [f"{before} -> {after}"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """One module, and a test that does not notice where it is cut off."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it starts sooner
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / "made_up.py").write_text("def double(n):\n    return min(n * 2, 99)\n")
    # Older than the mutants, which else could have the size and the second of what is compiled.
    os.utime(folder / "made_up.py", (10**9, 10**9))
    (folder / "tests/test_it.py").write_text(
        "from made_up import double\n\n\ndef test_it():\n    assert double(3) == 6\n"
    )
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    return folder


def test_a_fault_that_no_test_notices_survives_and_the_project_stays(project, tmp_path, capsys):
    before = (project / "made_up.py").read_bytes()
    mutants = draw(project, TABLE, "made", 100, seed=0)
    assert [mutation.text for _, mutation in mutants] == ["max", "/", "3", "100"]
    trial = Trial(project, tmp_path / "copy")
    assert survivors(trial, mutants[2:], TABLE) == mutants[3:]
    line = "made_up.py:2: return min(n * 2, 99) -> return min(n * 2, 100)\n"
    assert capsys.readouterr().out == line
    assert (project / "made_up.py").read_bytes() == before
    assert (trial.folder / "made_up.py").read_bytes() == before


def test_the_copy_leaves_out_what_was_made(project, tmp_path):
    for name in (".git/x", "results/x", "scripts/results/x", "tests/__pycache__/x"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    copy = Trial(project, tmp_path / "copy").folder
    files = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    assert files == {"made_up.py", "pytest.ini", "scripts/results/x", "tests/test_it.py"}


def test_tests_that_fail_without_a_fault_stop_it(project, tmp_path):
    (project / "made_up.py").write_text("def double(n):\n    return n\n")
    with pytest.raises(SystemExit, match=r"tests/test_it.py: exit code 1 without a mutant"):
        Trial(project, tmp_path / "copy").seconds(("tests/test_it.py",))


def test_an_endless_loop_is_killed(project, tmp_path, monkeypatch):
    monkeypatch.setattr("mutants.trial.LEAST_LIMIT", 1)
    monkeypatch.setattr("mutants.trial.SLOWER", 1.5)
    code = "def double(n):\n    while False:\n        pass\n    return 6\n"
    (project / "made_up.py").write_text(code)
    mutants = draw(project, TABLE, "", 100, seed=0)
    assert mutants[0][1].text == "True"
    assert survivors(Trial(project, tmp_path / "copy"), mutants[:1], TABLE) == []


def test_the_sample_is_that_of_the_seed():
    drawn = draw(PROJECT, CORE, "scoring", 5, seed=1)
    assert (
        drawn == draw(PROJECT, CORE, "scoring", 5, seed=1) != draw(PROJECT, CORE, "scoring", 5, 2)
    )
    assert len(set(drawn)) == 5 and all("/scoring/" in name for name, _ in drawn)


def test_every_test_and_file_of_the_table_exists():
    for pattern, tests in CORE.items():
        assert list(PROJECT.glob(pattern)), pattern
        for test in tests:
            path, _, name = test.partition("::")
            assert (PROJECT / path).exists(), test
            assert not name or f"def {name}(" in (PROJECT / path).read_text(), test
    assert checks_of("scripts/methods/stague/contrastive.py", CORE) == (
        "tests/unit/methods/test_contrastive.py",
    )


def test_the_last_line_and_the_share_to_reach():
    assert verdict(30, 2, 7, 61.4) == "30 mutants, 28 killed (93 %), 2 survived, seed 7, 61 s"
    assert LEAST == 90
