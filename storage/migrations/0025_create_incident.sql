-- Incidents: alerts that belong together, who leads, what was done. An incident's history only grows; what its row says
-- is where the history stands. Attachments are here and not in a folder, so that one backup has all.

CREATE TABLE incident (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title      text NOT NULL CHECK (length(btrim(title)) BETWEEN 1 AND 200),
    severity   text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    place      text NOT NULL CHECK (length(place) <= 200),
    commander  text CHECK (length(btrim(commander)) BETWEEN 1 AND 100),
    assignee   text CHECK (length(btrim(assignee)) BETWEEN 1 AND 100),
    opened_at  timestamptz NOT NULL,
    opened_by  text NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at  timestamptz,
    closed_by  text,
    resolution text CHECK (length(btrim(resolution)) BETWEEN 1 AND 4000),
    words      text NOT NULL,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CHECK ((closed_at IS NULL) = (resolution IS NULL))
);
COMMENT ON COLUMN incident.commander IS 'Who leads: a name and no reference, as everywhere';
COMMENT ON COLUMN incident.assignee IS 'The crew or person at work';
COMMENT ON COLUMN incident.words IS 'What is searched: title, place and names in lower case without marks';
CREATE INDEX incident_open ON incident (opened_at DESC) WHERE closed_at IS NULL;
CREATE INDEX incident_closed ON incident (closed_at DESC, id DESC) WHERE closed_at IS NOT NULL;

CREATE TABLE incident_alert (
    incident_id bigint NOT NULL REFERENCES incident,
    alert_id    bigint NOT NULL REFERENCES alert,
    joined_at   timestamptz NOT NULL,
    joined_by   text NOT NULL,
    PRIMARY KEY (incident_id, alert_id)
);
CREATE INDEX incident_alert_of ON incident_alert (alert_id);

CREATE TABLE incident_step (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    alert_id    bigint REFERENCES alert,
    text_vi     text NOT NULL CHECK (length(btrim(text_vi)) BETWEEN 1 AND 1000),
    text_en     text NOT NULL CHECK (length(btrim(text_en)) BETWEEN 1 AND 1000),
    added_at    timestamptz NOT NULL,
    added_by    text NOT NULL,
    done_at     timestamptz,
    done_by     text,
    CHECK ((done_at IS NULL) = (done_by IS NULL))
);
COMMENT ON COLUMN incident_step.alert_id IS 'From whose runbook it is; empty: written by hand, the same text in both languages';
CREATE INDEX incident_step_of ON incident_step (incident_id, id);

CREATE TABLE incident_event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    at          timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('opened', 'joined', 'changed', 'noted', 'step_added', 'ticked', 'unticked',
                                              'attached', 'closed', 'reopened')),
    actor       text NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_event_of ON incident_event (incident_id, id);
CREATE INDEX incident_event_at ON incident_event (at);

CREATE TABLE incident_attachment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'application/pdf', 'text/plain')),
    content     bytea NOT NULL,
    added_at    timestamptz NOT NULL,
    added_by    text NOT NULL
);
COMMENT ON COLUMN incident_attachment.media_type IS 'By what is in it, whatever it was called';
CREATE INDEX incident_attachment_of ON incident_attachment (incident_id, id);
ALTER TABLE incident_attachment ALTER COLUMN content SET STORAGE EXTERNAL; -- images and PDF are compressed already

CREATE TRIGGER incident_only_moves_on BEFORE UPDATE ON incident
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('title', 'severity', 'place', 'commander', 'assignee', 'changed_at',
                                                      'closed_at', 'closed_by', 'resolution', 'words');
CREATE TRIGGER incident_step_is_only_ticked BEFORE UPDATE ON incident_step
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('done_at', 'done_by');
CREATE TRIGGER incident_alert_only_grows BEFORE UPDATE OR DELETE ON incident_alert
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_event_only_grows BEFORE UPDATE OR DELETE ON incident_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_attachment_only_grows BEFORE UPDATE OR DELETE ON incident_attachment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_is_not_deleted BEFORE DELETE ON incident FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_step_is_not_deleted BEFORE DELETE ON incident_step FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_is_not_emptied BEFORE TRUNCATE ON incident FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_alert_is_not_emptied BEFORE TRUNCATE ON incident_alert FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_step_is_not_emptied BEFORE TRUNCATE ON incident_step FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_event_is_not_emptied BEFORE TRUNCATE ON incident_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_attachment_is_not_emptied BEFORE TRUNCATE ON incident_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What lists and pages say of an incident.
CREATE VIEW incident_shown AS
SELECT i.id, i.title, i.severity, i.place, i.commander, i.assignee, i.opened_at, i.opened_by, i.changed_at, i.closed_at,
       i.closed_by, i.resolution, i.words,
       (SELECT count(*) FROM incident_alert j WHERE j.incident_id = i.id) AS alerts,
       (SELECT count(*) FROM incident_alert j JOIN alert a ON a.id = j.alert_id
        WHERE j.incident_id = i.id AND a.state = 'firing') AS firing,
       (SELECT count(*) FROM incident_alert j JOIN alert a ON a.id = j.alert_id
        WHERE j.incident_id = i.id AND a.provenance NOT IN ('measured', 'manual')) AS not_measured,
       (SELECT count(*) FROM incident_step s WHERE s.incident_id = i.id) AS steps,
       (SELECT count(*) FROM incident_step s WHERE s.incident_id = i.id AND s.done_at IS NOT NULL) AS done
FROM incident i;

-- A shift that was handed over, as it was read then, in both languages.
CREATE TABLE shift_handover (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    author      text NOT NULL,
    note        text NOT NULL CHECK (length(note) <= 4000),
    handed_at   timestamptz NOT NULL,
    document_vi jsonb NOT NULL,
    document_en jsonb NOT NULL,
    CHECK (ends_at > starts_at)
);
COMMENT ON COLUMN shift_handover.document_vi IS 'dashboard/control_room/report_document.py';
CREATE INDEX shift_handover_at ON shift_handover (handed_at DESC);
CREATE TRIGGER shift_handover_only_grows BEFORE UPDATE OR DELETE ON shift_handover
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER shift_handover_is_not_emptied BEFORE TRUNCATE ON shift_handover
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What happened in a shift.
CREATE INDEX alert_resolved ON alert (resolved_at DESC) WHERE resolved_at IS NOT NULL;
CREATE INDEX alert_event_by_people ON alert_event (at) WHERE actor IS NOT NULL;
