"""Workers keep the order, and none outlives the program that it works for."""

import os
import subprocess
import sys
import time
from pathlib import Path

from stbench.common.parallel import worker_map
from stbench.common.paths import SCRIPTS

PROGRAM = """
import sys, time
sys.path.insert(0, {scripts!r})
from stbench.common.parallel import worker_map

if __name__ == "__main__":
    with worker_map(2) as mapper:
        print(*set(mapper(eval, ["__import__('os').getpid()"] * 20)), flush=True)
        time.sleep(60)
"""


def test_results_come_in_the_order_of_the_arguments():
    with worker_map(2) as mapper:
        assert list(mapper(abs, range(-20, 0))) == list(range(20, 0, -1))
    with worker_map(1) as mapper:
        assert mapper is map


def test_they_end_when_their_program_is_killed(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM.format(scripts=str(SCRIPTS)))
    program = subprocess.Popen([sys.executable, file], stdout=subprocess.PIPE, text=True)
    workers = [int(pid) for pid in program.stdout.readline().split()]
    program.kill()
    program.wait()
    assert workers
    for _ in range(200):
        if not any(Path(f"/proc/{pid}").exists() for pid in workers):
            return
        time.sleep(0.1)
    for pid in workers:
        os.kill(pid, 9)
    raise AssertionError("workers are left behind")
