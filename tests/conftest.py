"""The same everywhere: property tests draw the same examples, so that a failure is never a
coincidence, and numba leaves torch's threads alone."""

import os

from hypothesis import settings

# numba, once it runs something in parallel, gives torch as many threads as there are cores.
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")
