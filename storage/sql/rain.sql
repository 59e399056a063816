-- name: readings
-- why: what a changed reading of a counter can touch: all of its span, and a few that count on either side, however
--      far away. What the gauge sent goes before what calibration made of it: only that rolls over.
SELECT asked.span, r.phenomenon_time, r.mm, r.quality, r.provenance
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS asked (datastream_id, span_start, span_end, span)
CROSS JOIN LATERAL (
    (SELECT o.phenomenon_time, COALESCE(o.original, o.result) AS mm, o.quality,
            COALESCE(o.input_provenance, o.provenance) AS provenance
     FROM observation o
     WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time < asked.span_start AND o.quality < 4
     ORDER BY o.phenomenon_time DESC LIMIT %(around)s)
    UNION ALL
    (SELECT o.phenomenon_time, COALESCE(o.original, o.result), o.quality, COALESCE(o.input_provenance, o.provenance)
     FROM observation o
     WHERE o.datastream_id = asked.datastream_id
       AND o.phenomenon_time BETWEEN asked.span_start AND asked.span_end AND o.quality < 4)
    UNION ALL
    (SELECT o.phenomenon_time, COALESCE(o.original, o.result), o.quality, COALESCE(o.input_provenance, o.provenance)
     FROM observation o
     WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time > asked.span_end AND o.quality < 4
     ORDER BY o.phenomenon_time LIMIT %(around)s)
) AS r
ORDER BY asked.span, r.phenomenon_time;
