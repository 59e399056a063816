-- What a derived value or a forecast was made of (SensorThings: Observation.parameters), and which Datastreams hold
-- directions, whose mean is taken around the circle.

ALTER TABLE observation ADD COLUMN parameters jsonb;
ALTER TABLE observation_superseded ADD COLUMN parameters jsonb;
ALTER TABLE datastream ADD COLUMN circular boolean NOT NULL DEFAULT false;

CREATE OR REPLACE VIEW public_view.observation AS
SELECT o.datastream_id, o.phenomenon_time, o.result_time, o.ingested_at, o.result, o.quality, o.provenance,
       o.input_provenance, o.quality_reason, o.parameters
FROM public.observation o
WHERE o.datastream_id IN (SELECT id FROM public_view.datastream);
