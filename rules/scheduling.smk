def examine_jobs_when_one_ends():
    """Let Snakemake examine the ready jobs only when a job ends.

    Because of its limit of 100 jobs a second, which is never reached, it also does so a second after
    each time: with every finished job once more a second.
    """
    workflow.scheduler.job_rate_limiter = None
