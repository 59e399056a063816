-- How far the clock of each Thing is off: the least of (arrival − time of the newest value) of this hour and the one
-- before. The least, since delay on the way only adds; two hours, since a clock that was set is to be seen as such.

CREATE TABLE thing_clock (
    thing_id      text PRIMARY KEY REFERENCES thing,
    hour          timestamptz NOT NULL,
    this_hour_s   double precision NOT NULL,
    hour_before_s double precision,
    repeated      boolean NOT NULL,
    skew_s        double precision NOT NULL GENERATED ALWAYS AS (LEAST(this_hour_s, hour_before_s)) STORED,
    measured_at   timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON COLUMN thing_clock.skew_s IS 'Seconds; negative: the clock is ahead of ours; positive: behind, or its values come late';
COMMENT ON COLUMN thing_clock.repeated IS 'this_hour_s was measured at two times of the Thing: no history that is sent after the fact';
COMMENT ON COLUMN thing_clock.measured_at IS 'When this_hour_s was measured';
