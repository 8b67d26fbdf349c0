"""What a run shows: one line of progress, what failed and why, nothing of the scheduling."""

import io
import logging
from pathlib import Path

import pytest

from stbench.runs.console import Console, FailedJob, failure_report, last_lines
from stbench.runs.live_line import LiveLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


def messages(*records, retry=False, bundled=False, dry=False):
    """What is printed of Snakemake's messages, and the console."""
    stream = io.StringIO()
    inner = logging.StreamHandler(stream)
    console = Console(inner, LiveLine(stream, every=0), lambda _: retry, lambda _: bundled, dry=dry)
    for level, message, facts in records:
        record = logging.LogRecord("snakemake.logging", level, "", 0, message, (), None)
        record.__dict__.update(facts)
        console.handle(record)
    return stream.getvalue(), console


def failure(log="", **more):
    facts = {"event": "job_error", "jobid": 3, "rule_name": "score", "output": ["results/x"]}
    return logging.ERROR, "Error in rule score", {**facts, "log": [log], "shellcmd": "", **more}


def test_where_there_is_no_log_the_cluster_is_quoted():
    said = (
        "SLURM sbatch failed. The error message was 'sbatch: error: Invalid qos'.\n  sbatch call:"
    )
    known, unknown = (
        messages(failure(rule_msg=f"{text}\nFor further error details see the cluster log"))[0]
        for text in (said, "")
    )
    assert known.strip().endswith("SLURM sbatch failed. " + said[21:].partition("\n")[0])
    assert unknown.strip().endswith("no error message")


CHATTER = [
    (logging.INFO, "Config file config/config.yaml is extended by additional config", {}),
    (logging.INFO, "Building DAG of jobs...", {}),
    (logging.INFO, "Select jobs to execute...", {}),
    (logging.INFO, "Execute 2 jobs...", {"event": "job_started"}),
    (logging.INFO, "Finished jobid: 32 (Rule: download)", {"event": "job_finished"}),
    (logging.INFO, "Job stats", {"event": "run_info"}),
    (logging.INFO, "Trying to restart job 3.", {}),
    (logging.INFO, "Job 3 has been submitted with SLURM jobid 7 (log: x).", {}),
    (logging.ERROR, "RuleException:\nCalledProcessError in file x.smk, line 3", {"event": "error"}),
    (logging.ERROR, "WorkflowError:\nAt least one job did not complete successfully.", {}),
    (logging.INFO, "Complete log(s): x.log", {}),
]


def test_scheduling_is_hidden_and_everything_unknown_is_shown():
    told = [
        (logging.INFO, "Nothing to be done (all requested files are present).", {}),
        (logging.WARNING, "the disk is slow", {}),
        (logging.ERROR, "MissingInputException in rule score", {}),
    ]
    text, _ = messages(*CHATTER, *told)
    assert text.splitlines() == [message for _, message, _ in told]


def test_of_a_bundle_only_the_job_that_failed_is_shown(tmp_path):
    log, output = tmp_path / "log", tmp_path / "output"
    log.write_text("error: too big\n")
    output.touch()
    finished, waiting = failure(str(log), output=[str(output)]), failure()
    text, console = messages(finished, waiting, failure(str(log)), bundled=True)
    assert text == "failed: results/x: too big\n" and len(console.failed) == 1


def test_a_dry_run_shows_the_table_of_jobs():
    text, _ = messages(*CHATTER, dry=True)
    assert text == "Job stats\n"


def test_a_retry_says_why_in_one_line_and_is_no_failure(tmp_path):
    log = tmp_path / "fit.log"
    log.write_text(
        "epoch 1\rerror: tissue, stague, seed 0: oom: more than 900 MB (attempt 1 of 3)\n\n"
    )
    text, console = messages(failure(str(log)), retry=True)
    reason = "tissue, stague, seed 0: oom: more than 900 MB (attempt 1 of 3)"
    assert text == f"retry: {reason}\n"
    assert console.failed == []


def test_a_failure_is_shown_at_once_and_reported_at_the_end(tmp_path):
    log = tmp_path / "score.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)) + "error: no space left\n")
    hint = (logging.INFO, "Complete log(s): x.log", {})
    text, console = messages(failure(str(log)), hint)
    assert text.splitlines() == ["failed: results/x: no space left", "Complete log(s): x.log"]
    report = failure_report(console.failed)
    assert str(log) in report and "    line 99\n" in report and "line 80" not in report
    assert report.splitlines()[-1].startswith("error: 1 job failed; completed outputs are kept")


def test_a_job_that_printed_on_the_console_is_not_reported_again(tmp_path):
    log = tmp_path / "plan.log"
    log.write_text("error: no data\n")
    text, console = messages(failure(str(log), shellcmd=f"python plan.py 2>&1 | tee {log}"))
    assert text == "" and failure_report(console.failed) == ""


def test_logs_that_are_missing_and_many_failures():
    text, console = messages(failure("nowhere.log", output=[]))
    assert text == "failed: score: no error message\n"
    assert "log: none" in failure_report(console.failed)
    many = failure_report([FailedJob(f"results/{i}", None, False) for i in range(9)])
    assert "and 4 more failed jobs" in many and "error: 9 jobs failed" in many
    assert last_lines(Path("nowhere.log"), 3) == []


def test_a_log_gets_a_line_when_something_changed_but_not_too_often():
    stream = io.StringIO()
    line = LiveLine(stream, every=3600)
    line.jobs(0, 9)
    for done in range(1, 9):
        line.fits(f"{done} of 8 fits")
        line.jobs(done, 9)
    line.end()
    line.end()
    assert stream.getvalue().splitlines() == [
        "0 of 9 jobs; 1 of 8 fits",
        "8 of 9 jobs; 8 of 8 fits",
    ]


def test_a_terminal_has_the_line_in_place_and_other_lines_above_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    line = LiveLine(stream)
    line.jobs(1, 2)
    assert stream.getvalue() == f"\r[{'#' * 10}{'-' * 10}] 1 of 2 jobs\033[K"
    line.say("failed: x")
    assert "\r\033[Kfailed: x\n\r[" in stream.getvalue()
    line.fits("a text that is too long for this terminal")
    assert max(map(len, stream.getvalue().replace("\033[K", "").split("\r"))) <= 39
    line.end()
    assert stream.getvalue().endswith(
        "\r\033[K1 of 2 jobs; a text that is too long for this terminal\n"
    )


@pytest.mark.parametrize("total", [0, 1])
def test_a_single_job_shows_no_progress(total):
    stream = io.StringIO()
    line = LiveLine(stream)
    line.jobs(total, total)
    line.end()
    assert stream.getvalue() == ""
