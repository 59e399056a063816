-- From transitions to people: who leads, groups, notifications, silences, escalation, public messages, and why each was decided.

-- The process that evaluates and tells. `term` grows with every change of leader: what an old one writes is refused.
CREATE TABLE alert_leader (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    term         bigint NOT NULL,
    holder       text NOT NULL,
    heartbeat_at timestamptz NOT NULL
);
COMMENT ON COLUMN alert_leader.holder IS 'Also the end of the application_name of its database sessions: hanoi-alerts-<holder>';

-- The rules in force, so that a change of their files is audited, also one that was made while nothing ran; one that
-- comes to other alerts (`shape`) begins anew.
CREATE TABLE alert_rule (
    key    text PRIMARY KEY,
    digest text NOT NULL,
    shape  text NOT NULL,
    source text NOT NULL,
    since  timestamptz NOT NULL
);

ALTER TABLE alert_transition ADD COLUMN term bigint NOT NULL DEFAULT 0;
ALTER TABLE alert_transition ALTER COLUMN term DROP DEFAULT;
COMMENT ON COLUMN alert_transition.term IS 'The leader that decided it (alert_leader.term)';

ALTER TABLE alert
    ADD COLUMN condition       text NOT NULL DEFAULT 'threshold',
    ADD COLUMN suggestion      boolean NOT NULL DEFAULT false,
    ADD COLUMN basis_vi        text NOT NULL DEFAULT '',
    ADD COLUMN basis_en        text NOT NULL DEFAULT '',
    ADD COLUMN public          text NOT NULL DEFAULT 'never' CHECK (public IN ('never', 'approve', 'auto')),
    ADD COLUMN flapping        boolean NOT NULL DEFAULT false,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text,
    ADD COLUMN acknowledgement text,
    ADD COLUMN approved_at     timestamptz,
    ADD COLUMN approved_by     text,
    ADD COLUMN refused_at      timestamptz,
    ADD COLUMN published       boolean NOT NULL DEFAULT false,
    ADD CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    ADD CHECK ((approved_at IS NULL) = (approved_by IS NULL));
COMMENT ON COLUMN alert.labels IS 'All that routes match on: the rule''s own and rule, domain, property, severity, thing, kind, area, ward, basin';
COMMENT ON COLUMN alert.condition IS 'What is held against the limit: threshold, outside, change, usual, stuck, absent, all, any';
COMMENT ON COLUMN alert.public IS 'Whether it may become a public message: by nobody, by an operator''s approval, by itself';
COMMENT ON COLUMN alert.published IS 'The public feed holds a message of it that was not cancelled (alerts/publish.py)';
CREATE INDEX alert_published ON alert (id) WHERE published;
COMMENT ON COLUMN alert.flapping IS 'It fired so often in the hour before that receivers are told once, not each time';
CREATE INDEX alert_firing_labels ON alert USING gin (labels jsonb_path_ops) WHERE state = 'firing';
UPDATE alert SET labels = jsonb_build_object('kind', domain) || labels
    || jsonb_build_object('rule', rule, 'domain', domain, 'property', property, 'severity', severity, 'thing', thing_id);

-- What was sent transition by transition is sent group by group now: whatever waits is routed again.
UPDATE alert_transition t SET processed_at = NULL, outcome = NULL
WHERE EXISTS (SELECT FROM alert_notification n WHERE n.transition_id = t.id AND n.sent_at IS NULL AND n.dead_at IS NULL);
DROP TABLE alert_notification;

-- A silence mutes what matches; a maintenance window is one that was planned. It is never deleted, only ended.
CREATE TABLE silence (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('silence', 'maintenance')),
    matchers   jsonb NOT NULL CHECK (jsonb_typeof(matchers) = 'array' AND jsonb_array_length(matchers) > 0),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    author     text NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text,
    CHECK (ends_at > starts_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON COLUMN silence.matchers IS 'Array of texts as in alerting.toml: "severity = critical", "thing =~ flood-.*"; all must match';
CREATE INDEX silence_open ON silence (ends_at) WHERE ended_at IS NULL;

-- Alerts that one receiver is told of together.
CREATE TABLE alert_group (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver      text NOT NULL,
    route         text NOT NULL,
    labels        jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    next_flush_at timestamptz,
    flushed_at    timestamptz,
    told          jsonb NOT NULL DEFAULT '{}',
    told_at       timestamptz,
    UNIQUE (receiver, route, labels)
);
COMMENT ON COLUMN alert_group.told IS 'What the receiver was last told: the fingerprints that fire, those that ended (alerts/route.py)';
CREATE INDEX alert_group_due ON alert_group (next_flush_at) WHERE next_flush_at IS NOT NULL;

CREATE TABLE alert_group_member (
    group_id bigint NOT NULL REFERENCES alert_group ON DELETE CASCADE,
    alert_id bigint NOT NULL REFERENCES alert,
    PRIMARY KEY (group_id, alert_id)
);
CREATE INDEX alert_group_member_of ON alert_group_member (alert_id);

-- The steps of an escalation chain that are still to come, or what became of them.
CREATE TABLE alert_escalation (
    alert_id bigint NOT NULL REFERENCES alert,
    chain    text NOT NULL,
    step     integer NOT NULL,
    route    text NOT NULL,
    due_at   timestamptz NOT NULL,
    waits_for text,
    done_at  timestamptz,
    outcome  text,
    PRIMARY KEY (alert_id, chain, step),
    CHECK ((done_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX alert_escalation_due ON alert_escalation (due_at) WHERE done_at IS NULL;

-- One row a message to a receiver, as it was put together. Claimed by moving next_attempt_at, so that no transaction is
-- open while the network is waited for (an open one would hold back every follower of the change feed).
CREATE TABLE notification (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             text NOT NULL UNIQUE,
    receiver        text NOT NULL,
    group_id        bigint REFERENCES alert_group ON DELETE SET NULL,
    alert_ids       bigint[] NOT NULL,
    reason          text NOT NULL CHECK (reason IN ('firing', 'resolved', 'repeat', 'escalation', 'test')),
    document        jsonb NOT NULL,
    created_at      timestamptz NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    claimed_term    bigint,
    last_error      text,
    receipt         text,
    sent_at         timestamptz,
    dead_at         timestamptz,
    CHECK (sent_at IS NULL OR dead_at IS NULL)
);
COMMENT ON COLUMN notification.key IS 'The same for every attempt: a receiver that honours it sees the message once';
COMMENT ON COLUMN notification.claimed_term IS 'The term whose leader is sending it; a later leader sends it at once';
COMMENT ON COLUMN notification.receipt IS 'What the receiver said when it took it, such as its message id';
CREATE INDEX notification_due ON notification (receiver, next_attempt_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX notification_at ON notification (created_at DESC);
CREATE INDEX notification_of_group ON notification (group_id, id);
CREATE INDEX notification_dead ON notification (dead_at DESC) WHERE dead_at IS NOT NULL;
CREATE INDEX notification_alerts ON notification USING gin (alert_ids);

-- Why somebody was told, or not, and what people did: with the transitions it is the alert's timeline. It only grows.
CREATE TABLE alert_event (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL REFERENCES alert,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    receiver text,
    actor    text,
    detail   jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN alert_event.kind IS 'grouped suppressed silenced roster_failed acknowledged unacknowledged noted escalation_asked escalated escalation_skipped approved refused published flapping';
CREATE INDEX alert_event_of ON alert_event (alert_id, id);
CREATE TRIGGER alert_event_only_grows BEFORE UPDATE OR DELETE ON alert_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alert_event_is_not_emptied BEFORE TRUNCATE ON alert_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- CAP 1.2 documents of the public feed, as they were sent.
CREATE TABLE cap_message (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identifier  text NOT NULL UNIQUE,
    alert_id    bigint NOT NULL REFERENCES alert,
    number      integer NOT NULL,
    sender      text NOT NULL,
    msg_type    text NOT NULL CHECK (msg_type IN ('Alert', 'Update', 'Cancel')),
    status      text NOT NULL CHECK (status IN ('Actual', 'Exercise', 'Test')),
    sent_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    headline_vi text NOT NULL,
    headline_en text NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('Extreme', 'Severe', 'Moderate', 'Minor', 'Unknown')),
    provenance  provenance NOT NULL,
    peak        double precision,
    document    text NOT NULL,
    UNIQUE (alert_id, number),
    CHECK (status <> 'Actual' OR provenance IN ('measured', 'manual') OR msg_type = 'Cancel')
);
COMMENT ON COLUMN cap_message.number IS 'From 1 on within its alert';
COMMENT ON COLUMN cap_message.provenance IS 'The weakest among the values behind the alert when it was sent';
COMMENT ON COLUMN cap_message.document IS 'The XML';
CREATE INDEX cap_message_sent ON cap_message (sent_at DESC);

CREATE VIEW public_view.cap_message AS
SELECT c.id, c.identifier, c.msg_type, c.status, c.sent_at, c.expires_at, c.headline_vi, c.headline_en, c.provenance, c.document
FROM public.cap_message c;
GRANT SELECT ON public_view.cap_message TO hanoi_public;

-- What operators see of an alert: with the names and the place of its Thing.
CREATE VIEW alert_shown AS
SELECT a.id, a.rule, a.domain, a.property, a.severity, a.condition, a.title_vi, a.title_en, a.runbook_vi, a.runbook_en,
       a.labels, a.unit, a.limit_value AS "limit", a.value, a.value_time, a.peak, a.state, a.pending_since,
       a.firing_since, a.resolved_at, a.withdrawn_at IS NOT NULL AS withdrawn, a.provenance, a.suggestion, a.basis_vi,
       a.basis_en,
       a.flapping, a.acknowledged_at, a.acknowledged_by, a.acknowledgement, a.public, a.for_citizens, a.approved_at,
       a.approved_by, a.refused_at, a.thing_id, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en, t.lat, t.lon
FROM alert a JOIN thing t ON t.id = a.thing_id;
