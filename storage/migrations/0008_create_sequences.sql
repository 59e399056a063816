-- The loss meter: which of the numbers that a Thing gives its messages have arrived.

-- A union of ranges, so that a second delivery and a late arrival change nothing. A Thing whose count begins
-- anew gets another row: what its numbers mean begins anew as well.
CREATE TABLE thing_sequence (
    thing_id   text NOT NULL REFERENCES thing,
    started_at timestamptz NOT NULL,
    received   int8multirange NOT NULL CHECK (NOT isempty(received)),
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (thing_id, started_at)
);
