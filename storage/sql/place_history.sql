-- name: limit_time
-- why: for this transaction only; what a visitor causes ends by itself
SELECT set_config('statement_timeout', %(milliseconds)s, true);

-- name: hourly
-- why: all that a Thing observed at once; a bucket without a usable value is a gap
SELECT datastream_id, bucket, count, mean, min, max, first, last, good, not_evaluated, suspect, fail, missing,
       mean_with_suspect, coverage, provenance
FROM observation_1h
WHERE datastream_id = ANY (%(datastream_ids)s::bigint[]) AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
ORDER BY datastream_id, bucket
LIMIT %(limit)s;

-- name: daily
SELECT datastream_id, bucket, count, mean, min, max, first, last, good, not_evaluated, suspect, fail, missing,
       mean_with_suspect, coverage, provenance
FROM observation_1d
WHERE datastream_id = ANY (%(datastream_ids)s::bigint[]) AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
ORDER BY datastream_id, bucket
LIMIT %(limit)s;

-- name: first_day
-- why: before it there is no page to leaf back to; rollups outlive raw values
SELECT min(bucket) AS first FROM observation_1d WHERE datastream_id = ANY (%(datastream_ids)s::bigint[]);
