"""Run scripts/fit.py with its arguments and write cpu.json with its CPU seconds to its output.

{"steps": CPU seconds of the process when each of the optimizers' steps ended, "total": at the end}.
With one thread these are the seconds of an idle machine, even if this one is busy.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path

from torch.optim.optimizer import register_optimizer_step_post_hook

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def main() -> None:
    output = Path(sys.argv[sys.argv.index("--output") + 1])
    ends: list[float] = []
    register_optimizer_step_post_hook(lambda *_: ends.append(time.process_time()))
    sys.path.insert(0, str(SCRIPTS))
    runpy.run_path(str(SCRIPTS / "fit.py"), run_name="__main__")
    (output / "cpu.json").write_text(
        json.dumps({"steps": ends, "total": time.process_time()}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
