"""What fails becomes a reason; what may succeed in another attempt is raised."""

import errno
from concurrent.futures.process import BrokenProcessPool

import pytest

from stbench.common.errors import InputError, NotApplicableError, attempt, run_cli


def raising(error):
    def make():
        raise error

    return make


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InputError("mine: no\ngenes"), "no genes"),
        (NotApplicableError("features only"), "features only"),
        (ValueError("negative"), "ValueError: negative"),
    ],
)
def test_a_failure_is_recorded_with_its_reason(error, reason, capsys):
    assert attempt("mine", raising(error), str.upper) == reason.upper()
    assert f"mine: {reason}" in capsys.readouterr().err
    with pytest.raises(type(error)):
        attempt("mine", raising(error), str.upper, record=False)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), MemoryError(), BrokenProcessPool("killed")]
)
def test_what_the_machine_does_is_raised(error):
    with pytest.raises(type(error)):
        attempt("mine", raising(error), str.upper)


def test_what_is_made_is_returned():
    assert attempt("mine", lambda: 3, len) == 3


def test_a_wrong_path_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "no" / "file", tmp_path / "file" / "below"):
        with pytest.raises(SystemExit, match=f"^error: {path}: (No such|Not a dir)"):
            run_cli(lambda path=path: path.write_text("x"))
    with pytest.raises(OSError, match="neither a path nor a fault"):
        run_cli(raising(OSError(errno.EINVAL, "neither a path nor a fault")))
