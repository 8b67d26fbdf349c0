"""Check that the files of all URLs in config/datasets.yaml still exist; nothing is downloaded.

Prints URLs that moved, changed their size, are gone or do not answer, and the number of reachable
URLs. The exit code is 1 if a file is gone, changed or moved, but not if a server does not answer.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stbench.common.errors import InputError, run_cli
from stbench.common.paths import CONFIG
from stbench.config.registry import dataset_entry, load_registry
from stbench.data.source_check import Answer, ask, summary, urls_of


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("datasets", nargs="*", help="ids in the registry (default: all)")
    parser.add_argument("--registry", type=Path, default=CONFIG / "datasets.yaml")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    registry = load_registry(args.registry)
    for name in args.datasets:
        dataset_entry(name, registry)  # raises for an unknown name
    chosen = {name: registry[name] for name in args.datasets or registry}
    answers: list[Answer] = []
    printed: set[str] = set()
    for answer in ask(urls_of(chosen)):
        answers.append(answer)
        if answer.text in printed:  # the same host, which does not answer
            continue
        if answer.state == "unreachable":
            printed.add(answer.text)
        if answer.state != "reachable" or args.datasets:
            print(f"{answer.state}: {answer.url} ({', '.join(answer.datasets)}): {answer.text}")
    print(summary(answers))
    wrong = [answer for answer in answers if answer.state in ("gone", "changed", "moved")]
    if wrong:
        raise InputError(
            f"{len(wrong)} URLs in config/datasets.yaml are wrong (see above); correct them"
        )


if __name__ == "__main__":
    run_cli(main)
