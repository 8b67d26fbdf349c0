"""What a run needs is asked before anything is computed, and what is missing is one line."""

import pwd

import pytest

from stbench.common.errors import InputError
from stbench.runs.preflight import check_places


def test_a_user_without_a_home_and_a_name_is_advised(tmp_path, monkeypatch):
    def unknown(user):
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with pytest.raises(InputError, match=r"^HOME: not set.*set HOME to a writable folder"):
        check_places(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    check_places(tmp_path)
