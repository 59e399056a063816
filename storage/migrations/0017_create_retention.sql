-- Retention (storage/retention.py): what the daily work last did, for the control room's data page. What may not be
-- rolled up anew because its raw values are gone is in rollup_horizon.

CREATE TABLE job_run (
    job        text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    succeeded  boolean NOT NULL,
    detail     jsonb NOT NULL
);
COMMENT ON TABLE job_run IS 'The last run of each job that says so; one row a job';

-- Resolved rejections go when they are old; the open ones never do.
CREATE INDEX rejected_message_resolved_at ON rejected_message (resolved_at) WHERE resolved_at IS NOT NULL;
