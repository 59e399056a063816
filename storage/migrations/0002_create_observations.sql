-- Observations, the values they replaced, and the feed that tells everybody what changed.

CREATE EXTENSION IF NOT EXISTS timescaledb;

CREATE TYPE provenance AS ENUM ('measured', 'manual', 'derived', 'replayed', 'forecast', 'simulated');

-- No foreign key to datastream: it would cost an index probe a row, and Datastreams are never deleted.
CREATE TABLE observation (
    datastream_id    bigint NOT NULL,
    phenomenon_time  timestamptz NOT NULL,
    result_time      timestamptz NOT NULL,
    ingested_at      timestamptz NOT NULL DEFAULT now(),
    result           double precision NOT NULL CHECK (result <> 'NaN' AND abs(result) <> 'Infinity'),
    quality          smallint NOT NULL CHECK (quality IN (1, 2, 3, 4, 9)),
    provenance       provenance NOT NULL,
    input_provenance provenance,
    quality_reason   text,
    PRIMARY KEY (datastream_id, phenomenon_time)
);
SELECT create_hypertable('observation', by_range('phenomenon_time', INTERVAL '7 days'),
                         create_default_indexes => false);

CREATE TABLE observation_superseded (
    datastream_id    bigint NOT NULL,
    phenomenon_time  timestamptz NOT NULL,
    result_time      timestamptz NOT NULL,
    ingested_at      timestamptz NOT NULL,
    result           double precision NOT NULL,
    quality          smallint NOT NULL,
    provenance       provenance NOT NULL,
    input_provenance provenance,
    quality_reason   text,
    superseded_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (datastream_id, phenomenon_time, result_time, result)
);

-- One row a committed batch: the keys it wrote. Readers order by (xid, id) and stop at the oldest transaction
-- still running, so that none is skipped when a later number commits first.
CREATE TABLE observation_change (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    committed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    datastream_id   bigint[] NOT NULL,
    phenomenon_time timestamptz[] NOT NULL,
    PRIMARY KEY (xid, id)
);
CREATE INDEX observation_change_committed_at ON observation_change (committed_at);

-- How far a named reader of the feed has come; it moves in the transaction that holds the reader's own writes.
CREATE TABLE feed_cursor (
    reader text PRIMARY KEY,
    xid    xid8 NOT NULL,
    id     bigint NOT NULL
);

CREATE TABLE flood_extent (
    thing_id        text NOT NULL REFERENCES thing,
    phenomenon_time timestamptz NOT NULL,
    ingested_at     timestamptz NOT NULL DEFAULT now(),
    features        jsonb NOT NULL,
    provenance      provenance NOT NULL,
    PRIMARY KEY (thing_id, phenomenon_time)
);
