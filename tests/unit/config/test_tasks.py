"""Which datasets take part in a task."""

from stbench.config.tasks import is_own


def test_degraded_sections_of_users_are_not_their_own():
    single = {"origin": "path"}
    joined = {"origin": "joined", "parts": [single, single]}
    assert is_own(single) and is_own(joined)
    assert not any(is_own({**entry, "origin": "degraded"}) for entry in (single, joined))
