-- What an operator entered by hand. The values went through ingest as provenance manual; here is who said so, and until when.

CREATE TABLE manual_entry (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id     text NOT NULL REFERENCES thing,
    results      jsonb NOT NULL CHECK (jsonb_typeof(results) = 'object' AND results <> '{}'),
    time         timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    author       text NOT NULL,
    note         text NOT NULL,
    entered_at   timestamptz NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('sent', 'stored', 'partly', 'rejected', 'unsent')),
    faults       jsonb NOT NULL DEFAULT '[]',
    cancelled_at timestamptz,
    cancelled_by text,
    CHECK (expires_at > time),
    CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL))
);
COMMENT ON COLUMN manual_entry.results IS 'Property: value, as it was sent';
COMMENT ON COLUMN manual_entry.time IS 'The phenomenon time of its values';
COMMENT ON COLUMN manual_entry.outcome IS 'sent: nobody knows yet what became of it; unsent: the broker did not take it';
COMMENT ON COLUMN manual_entry.faults IS 'Why ingest refused values of it, as in rejected_message.detail';
CREATE INDEX manual_entry_of ON manual_entry (thing_id, time DESC);
CREATE INDEX manual_entry_entered ON manual_entry (entered_at DESC);

CREATE TRIGGER manual_entry_is_only_told_or_cancelled BEFORE UPDATE ON manual_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('outcome', 'faults', 'cancelled_at', 'cancelled_by');
CREATE TRIGGER manual_entry_is_not_deleted BEFORE DELETE ON manual_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER manual_entry_is_not_emptied BEFORE TRUNCATE ON manual_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Until when the newest value by hand of each property holds.
CREATE VIEW manual_hold AS
SELECT DISTINCT ON (e.thing_id, r.property)
       e.thing_id, r.property, e.time AS phenomenon_time, LEAST(e.expires_at, e.cancelled_at) AS expires_at
FROM manual_entry e CROSS JOIN LATERAL jsonb_object_keys(e.results) AS r (property)
WHERE e.outcome NOT IN ('rejected', 'unsent')
ORDER BY e.thing_id, r.property, e.time DESC, e.id DESC;

CREATE VIEW public_view.manual_hold AS
SELECT m.thing_id, m.property, m.phenomenon_time, m.expires_at
FROM public.manual_hold m JOIN public.thing t ON t.id = m.thing_id WHERE t.is_public;
GRANT SELECT ON public_view.manual_hold TO hanoi_public;
