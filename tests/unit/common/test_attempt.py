"""What fails becomes a reason; what may succeed in another attempt is raised."""

import errno
from concurrent.futures.process import BrokenProcessPool

import pytest

from stbench.common.errors import InputError, NotApplicableError, attempt


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
