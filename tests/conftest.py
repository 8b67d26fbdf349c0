"""Property tests draw the same examples everywhere, so that a failure is never a coincidence."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
