-- Several ingest workers: which of them handles what beside worker 1, and from which message on (decision 0008).

-- The workers that have, or may still have, a session with the broker. Worker 1 is always there.
CREATE TABLE ingest_worker (
    worker  integer PRIMARY KEY CHECK (worker > 1),
    seen_at timestamptz NOT NULL
);

-- The last subscription identifier that worker 1 took; none is ever used twice.
CREATE TABLE ingest_identifier (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    last   integer NOT NULL CHECK (last < 268435456)
);

-- One row is one tenure: a worker's time with one topic filter. It goes on from left to right and never back. The
-- numbers are subscription identifiers of worker 1's session; the broker puts the one in force into each message:
--   before `offered`        worker 1 handles the message
--   until before `since`    both have it and both handle it
--   until before `until`    worker 1 leaves it to the tenure's worker
--   until before `closed`   both, again
--   from there on           worker 1
CREATE TABLE ingest_tenure (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    filter    text NOT NULL,
    worker    integer NOT NULL CHECK (worker > 1),
    offered   integer,
    held      boolean NOT NULL DEFAULT false,
    since     integer,
    released  boolean NOT NULL DEFAULT false,
    until     integer,
    dropped   boolean NOT NULL DEFAULT false,
    closed    integer,
    closed_at timestamptz
);
CREATE UNIQUE INDEX ingest_tenure_one_a_filter ON ingest_tenure (filter) WHERE NOT dropped;
CREATE INDEX ingest_tenure_of_worker ON ingest_tenure (worker);

-- Packet ids belong to a worker's session. Between `offered` and `since`, and between `until` and `closed`, two workers
-- handle a message: such an `overlap` has a number. The copy that comes second is taken up by the row of the first and
-- leaves its own marks there, to be known when it is delivered again.
ALTER TABLE rejected_message
    ADD COLUMN worker           integer NOT NULL DEFAULT 1,
    ADD COLUMN overlap          bigint,
    ADD COLUMN twin_worker      integer,
    ADD COLUMN twin_packet_id   integer,
    ADD COLUMN twin_received_at timestamptz,
    ADD COLUMN twin_resent_at   timestamptz;
CREATE INDEX rejected_message_overlap ON rejected_message (overlap, payload_sha256) WHERE overlap IS NOT NULL;

-- A device that sends the same error text every minute has half a million equal rows in a year. The topic is not in the
-- index: it may be 64 KiB long and an index row 2,700 bytes, so that one such message would stop the feed for ever.
DROP INDEX rejected_message_same_bytes;
CREATE INDEX rejected_message_same_bytes ON rejected_message (payload_sha256, received_at);
