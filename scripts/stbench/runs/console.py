"""Console output of a run: failed jobs and their reasons, without Snakemake's scheduling."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stbench.runs.live_line import LiveLine

# Snakemake's events (``snakemake_interface_logger_plugins.common.LogEvent``) and messages without
# an event that do not concern the user. Its log file contains them all.
HIDDEN = {"workflow_started", "job_info", "job_started", "job_finished", "resources_info"}
CHATTER = re.compile(
    r"Config file \S+ is extended|Assuming unrestricted shared filesystem"
    r"|Building DAG of jobs|Using shell: |(Conda environments|Singularity containers): ignored"
    r"|Select jobs to execute|Trying to restart job|Elapsed time: |SLURM run ID: "
    r"|Job \d+ has been submitted|Exiting because a job execution failed"
    r"|RuleException:\s+CalledProcessError"
    r"|(WorkflowError:\s+)?At least one job did not complete successfully"
)
TAIL = 15  # lines shown of the log of a failed job
SHOWN = 5  # failed jobs whose logs are shown


@dataclass(frozen=True)
class FailedJob:
    """A job whose last attempt failed.

    Attributes:
        output: its first output file; the name of the rule if it has none.
        log: file with the output of the job, if any.
        seen: whether the output was printed on the console as well.
    """

    output: str
    log: Path | None
    seen: bool


class Console(logging.Handler):
    """Filters Snakemake's messages before the handler that prints them.

    Attributes:
        failed: jobs whose last attempt failed.
    """

    def __init__(
        self,
        inner: logging.Handler,
        line: LiveLine,
        will_retry: Callable[[int], bool],
        is_bundled: Callable[[int], bool],
        dry: bool,
    ) -> None:
        """Pass messages on to ``inner``.

        Args:
            inner: prints messages.
            line: shows the progress of the run.
            will_retry: whether the job with this number has attempts left.
            is_bundled: whether it was submitted to a cluster together with others.
            dry: whether this is a dry run, which shows the table of jobs.
        """
        super().__init__()
        self.failed: list[FailedJob] = []
        self._inner, self._line = inner, line
        self._will_retry, self._is_bundled = will_retry, is_bundled
        self._hidden = HIDDEN if dry else HIDDEN | {"run_info"}

    def emit(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", ""))
        if event == "progress":
            self._line.jobs(record.done, record.total)  # type: ignore[attr-defined]
        elif event == "job_error":
            self._job_failed(record)
        elif event not in self._hidden and not self._is_chatter(record):
            self._line.around(lambda: self._inner.handle(record))

    def _is_chatter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith("Complete log"):
            return all(job.seen for job in self.failed)
        return bool(CHATTER.match(text))

    def _job_failed(self, record: logging.LogRecord) -> None:
        facts = record.__dict__
        logs = [Path(path) for path in facts["log"]]
        log = next((path for path in logs if last_lines(path, 1)), None)
        has_ended = all(Path(path).exists() for path in facts["output"])
        if self._is_bundled(facts["jobid"]) and (has_ended or log is None):
            return  # it has finished or not begun, but another job of its bundle has failed
        output = next(iter(facts["output"]), facts["rule_name"])
        reason = "".join(last_lines(log, 1)).removeprefix("error: ") if log else ""
        reason = reason or said_by_cluster(facts.get("rule_msg")) or "no error message"
        if self._will_retry(facts["jobid"]):
            self._line.say(f"retry: {reason}")
            return
        seen = "| tee " in (facts["shellcmd"] or "")
        self.failed.append(FailedJob(output, log, seen))
        if not seen:
            self._line.say(f"failed: {output}: {reason}")


def said_by_cluster(message: str | None) -> str:
    """What a cluster said about a job that has no log, such as why it was refused; in one line."""
    return (message or "").partition("For further error details")[0].strip().partition("\n")[0]


def last_lines(path: Path, number: int) -> list[str]:
    """The last non-empty lines of a log; none if it cannot be read."""
    try:
        text = path.read_bytes()[-20_000:].decode(errors="replace")
    except OSError:
        return []
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", text)]
    return [line for line in lines if line][-number:]


def failure_report(failed: Sequence[FailedJob]) -> str:
    """The logs of the first failed jobs and advice; empty if the console has shown all of them."""
    unseen = [job for job in failed if not job.seen]
    if failed and not unseen:
        return ""
    parts = []
    for job in unseen[:SHOWN]:
        lines = last_lines(job.log, TAIL) if job.log else []
        parts.append("\n    ".join([f"{job.output}\n  log: {job.log or 'none'}", *lines]))
    if len(unseen) > SHOWN:
        parts.append(f"and {len(unseen) - SHOWN} more failed jobs")
    jobs = "1 job" if len(failed) == 1 else f"{len(failed) or 'some'} jobs"
    advice = "completed outputs are kept; fix the cause and run the same command again"
    return "\n\n".join([*parts, f"error: {jobs} failed; {advice}"])
