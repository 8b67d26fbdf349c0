"""Where the parts of this project are, from one place that knows its own depth."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SCRIPTS = PROJECT / "scripts"
CONFIG = PROJECT / "config"
ENVIRONMENTS = PROJECT / "envs"
RESOURCES = PROJECT / "resources"
