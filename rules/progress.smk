import subprocess

from stbench.runs.environment import commit_of, retraining_is_allowed
from stbench.runs.fork_server import FEWEST, start_fork_server
from stbench.runs.fit_status import matrix
from stbench.runs.progress import ProgressLine
from stbench.runs.redo import check_redo, fits_to_train, wanted_fits
from stbench.runs.research_crate import write_crate
from stbench.runs.retry import remove_outdated
from stbench.runs.run_record import note_end, note_start, read_run

PROGRESS = []  # the progress line of the run, in its main process


def jobs_at_a_time():
    return workflow.cores if workflow.local_exec else workflow.nodes


def fits_of_this_run(keys):
    """The fits among these that are jobs of this run."""
    wanted = {str(LAYOUT.fit(*key[1:])): key for key in keys}
    return [
        wanted[str(path)]
        for job in workflow.dag.needrun_jobs()
        for path in job.output
        if str(path) in wanted
    ]


def number_of_stages():
    """The number of jobs of this run that start a program by run_stage.py."""
    stage = str(BASE / "scripts/run_stage.py")
    return sum(stage in map(str, job.input) for job in workflow.dag.needrun_jobs())


def check_fits(keys):
    """End the run before finished fits are trained again, unless the user allows it by FORCE=1."""
    wanted = wanted_fits(BENCHMARK, LAYOUT, keys, KEYS.method_code)
    try:
        check_redo(fits_to_train(wanted), force=retraining_is_allowed())
    except InputError as error:
        sys.exit(f"error: {error}")


def predicted_seconds():
    """The predicted time of each fit, from local and published measurements."""
    from stbench.runs.fit_costs import predicted_seconds

    return predicted_seconds(BENCHMARK, LAYOUT, BASE / "resources/cost_model.csv")


def has_to_run(rule):
    """Whether this run makes an output of a rule."""
    return any(job.rule.name == rule for job in workflow.dag.needrun_jobs())


def note_copied_results():
    """Say that tables, maps and report may be old, if Snakemake does not know what made them."""
    if (
        workflow.is_main_process
        and LAYOUT.tables.exists()
        and not any(Path(".snakemake/metadata").glob("*"))
    ):
        print(
            f"note: Snakemake has no records of {LAYOUT.own} (copied without .snakemake?); if the "
            "configuration changed since, move this folder away: it is made again from finished fits",
            file=sys.stderr,
        )


def note_few_retries():
    """Say that failures will not be recorded, if a job has fewer retries than its fit expects."""
    retries, attempts = workflow.execution_settings.retries, config["attempts"]
    if retries + 1 < attempts:
        print(
            f"note: --retries {retries} is fewer than attempts: {attempts} needs. A fit that runs "
            "out of memory fails the run in place of being recorded; use "
            f"--retries {attempts - 1} or --config attempts={retries + 1}",
            file=sys.stderr,
        )


def start_progress():
    """Record the run and start to count the fits, if the run creates scores."""
    if not workflow.is_main_process:
        return
    note_few_retries()
    keys = matrix(BENCHMARK)
    fits = fits_of_this_run(keys)
    check_fits(fits)
    if workflow.nodes is not None:
        remove_outdated(workflow.dag.needrun_jobs())
    same_python = not workflow.deployment_settings.deployment_method
    if workflow.local_exec and same_python and number_of_stages() >= FEWEST:
        start_fork_server(BASE, graphs=has_to_run("interactions"))
    LINE.jobs(0, len(workflow.dag))
    if not is_asked_for("score", "score_deconvolution"):
        return
    try:
        note = note_start(LAYOUT, config, fits, jobs_at_a_time())
    except OSError as error:  # the jobs will report a full disk
        print(f"progress: {LAYOUT.run} cannot be written ({error.strerror})", file=sys.stderr)
        return
    PROGRESS.append(ProgressLine(LAYOUT, note, keys, predicted_seconds, LINE))
    PROGRESS[0].start()


def write_partial_tables():
    """Write the tables of all scores after a failed job, if the run creates tables."""
    if not workflow.is_main_process or not is_asked_for("aggregate"):
        return
    program = [sys.executable, str(BASE / "scripts/partial_tables.py"), "--output", LAYOUT.partial]
    given = ["--config", json.dumps(config, sort_keys=True), "--results", LAYOUT.root]
    written = subprocess.run([*program, *given], capture_output=True, encoding="utf-8")
    *_, reason = ["", *written.stderr.splitlines()]
    print(f"\npartial tables: {reason if written.returncode else LAYOUT.partial}", flush=True)


def end_progress(failed):
    for line in PROGRESS:
        line.end()
        try:
            note_end(LAYOUT, line.note, failed=failed)
        except OSError as error:
            print(f"progress: the end could not be recorded ({error.strerror})", file=sys.stderr)
    LINE.end()


def describe_run():
    """Write the description of the run for archives, if the run creates a summary."""
    if not workflow.is_main_process or not is_asked_for("summarize") or not LAYOUT.run.exists():
        return
    methods = {
        method: BENCHMARK.method(task, method)
        for task in (DOMAINS, DECONVOLUTION)
        for method in BENCHMARK.chosen(task)
    }
    software = load_yaml(BASE / "CITATION.cff")
    try:
        write_crate(
            LAYOUT, read_run(LAYOUT), software, commit_of(BASE), BENCHMARK.datasets, methods
        )
    except OSError as error:
        print(f"{LAYOUT.own} cannot be described ({error.strerror})", file=sys.stderr)


def print_summary():
    """Print the results at the end of a run that creates a summary."""
    texts = {"summarize": LAYOUT.summary, "demo": LAYOUT.demo / "comparison.txt"}
    for text in [text for name, text in texts.items() if is_asked_for(name)]:
        if text.exists():
            print("", text.read_text(encoding="utf-8"), sep="\n", flush=True)


note_copied_results()
