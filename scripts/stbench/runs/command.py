"""Commands of Snakemake that programs start."""

from __future__ import annotations


def with_config(command: list[str], values: list[str]) -> list[str]:
    """The command with these values of ``--config``, beside those that it has already."""
    if "--config" not in command:
        return [*command, "--config", *values]
    place = command.index("--config") + 1
    return [*command[:place], *values, *command[place:]]
