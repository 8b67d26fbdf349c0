import logging
import sys

from snakemake.jobs import GroupJob
from snakemake.settings.types import Quietness

sys.path.insert(0, str(BASE / "scripts"))

from stbench.common.shutdown import end_quickly
from stbench.runs.console import Console, failure_report, said_by_cluster
from stbench.runs.live_line import LiveLine

QUIET = set(workflow.output_settings.quiet or ())
LINE = LiveLine(None if QUIET & {Quietness.ALL, Quietness.PROGRESS} else sys.stderr)
CONSOLE = []  # filters Snakemake's messages for the terminal, in a run that shows them


def get_submitted(jobid):
    """The job with this number, or the bundle that it is in."""
    job = next(job for job in workflow.dag.jobs if workflow.dag.jobid(job) == jobid)
    return workflow.dag.get_job_group(job) or job


def will_retry(jobid):
    """Whether a job that failed has attempts left."""
    job = get_submitted(jobid)
    return job.attempt <= job.restart_times


def is_bundled(jobid):
    """Whether a job was submitted together with others."""
    return get_submitted(jobid).is_group()


def start_console():
    """Show only the important messages of Snakemake, unless the user requested all."""
    settings = workflow.output_settings
    if not workflow.is_main_process or QUIET or settings.verbose or settings.debug_dag:
        return
    messages = logging.getLogger("snakemake.logging")
    for handler in [h for h in messages.handlers if h.name == "DefaultStreamHandler"]:
        CONSOLE.append(Console(handler, LINE, will_retry, is_bundled, dry=settings.dryrun))
        messages.removeHandler(handler)
        messages.addHandler(CONSOLE[0])


def show_refused_bundles():
    """Show why the cluster refuses a bundle; Snakemake drops this message of a group of jobs."""
    log_error = GroupJob.log_error

    def say_first(group, msg=None, aux_logs=None, **facts):
        if "external_jobid" not in facts and (reason := said_by_cluster(msg)):
            LINE.say(f"not submitted: {reason}")
        log_error(group, msg, aux_logs, **facts)

    GroupJob.log_error = say_first


def print_failure():
    """Print the logs of failed jobs, and remedies."""
    if text := failure_report([job for console in CONSOLE for job in console.failed]):
        print(f"\n{text}", flush=True)


start_console()
if CONSOLE:
    show_refused_bundles()
end_quickly()
