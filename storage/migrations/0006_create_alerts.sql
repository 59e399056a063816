-- Alerts (one row an episode of a rule on a Datastream), their transitions as outbox, and what was sent of them.

CREATE TABLE alert (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule          text NOT NULL,
    domain        text NOT NULL,
    thing_id      text NOT NULL REFERENCES thing,
    datastream_id bigint NOT NULL REFERENCES datastream,
    property      text NOT NULL,
    severity      text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    state         text NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
    title_vi      text NOT NULL,
    title_en      text NOT NULL,
    runbook_vi    text NOT NULL,
    runbook_en    text NOT NULL,
    labels        jsonb NOT NULL DEFAULT '{}',
    unit          text NOT NULL,
    limit_value   double precision,
    value         double precision NOT NULL,
    value_time    timestamptz NOT NULL,
    peak          double precision NOT NULL,
    pending_since timestamptz NOT NULL,
    firing_since  timestamptz,
    resolved_at   timestamptz,
    provenance    provenance NOT NULL,
    simulated     boolean NOT NULL GENERATED ALWAYS AS (provenance = 'simulated') STORED,
    for_citizens  boolean NOT NULL,
    announced_at  timestamptz,
    withdrawn_at  timestamptz,
    CHECK (state <> 'pending' OR firing_since IS NULL),
    CHECK (state <> 'firing' OR firing_since IS NOT NULL),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
);
COMMENT ON COLUMN alert.firing_since IS 'Empty on a resolved row: it was pending and ended without firing';
COMMENT ON COLUMN alert.provenance IS 'The weakest among the values behind it; a derived value counts as its inputs';
COMMENT ON COLUMN alert.announced_at IS 'When its firing was handed to the receivers; empty: nobody was told';
COMMENT ON COLUMN alert.withdrawn_at IS 'By late or corrected values it never was; kept, since people may have been told';
CREATE UNIQUE INDEX alert_one_open ON alert (rule, datastream_id) WHERE state <> 'resolved';
CREATE INDEX alert_history ON alert (rule, datastream_id, (coalesce(resolved_at, 'infinity'::timestamptz)));
CREATE INDEX alert_fired ON alert (firing_since DESC) WHERE firing_since IS NOT NULL;
CREATE INDEX alert_open ON alert (state) WHERE state <> 'resolved';

CREATE TABLE alert_transition (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id     bigint NOT NULL REFERENCES alert,
    at           timestamptz NOT NULL,
    from_state   text NOT NULL CHECK (from_state IN ('inactive', 'pending', 'firing', 'resolved')),
    to_state     text NOT NULL CHECK (to_state IN ('inactive', 'pending', 'firing', 'resolved')),
    reason       text NOT NULL,
    evidence     jsonb NOT NULL,
    decided_at   timestamptz NOT NULL,
    processed_at timestamptz,
    outcome      text,
    CHECK ((processed_at IS NULL) = (outcome IS NULL))
);
COMMENT ON COLUMN alert_transition.at IS 'When it happened out there, in the observations'' own time';
COMMENT ON COLUMN alert_transition.decided_at IS 'When the engine saw it; much later than `at` for late data';
COMMENT ON COLUMN alert_transition.outcome IS 'routed, or why nobody was told';
CREATE INDEX alert_transition_of ON alert_transition (alert_id, id);
CREATE INDEX alert_transition_outbox ON alert_transition (id) WHERE processed_at IS NULL;

-- One row a transition and receiver. Claimed by moving next_attempt_at, so that no transaction is open while the
-- network is waited for (an open one would hold back every follower of the change feed).
CREATE TABLE alert_notification (
    transition_id   bigint NOT NULL REFERENCES alert_transition,
    receiver        text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    last_error      text,
    sent_at         timestamptz,
    dead_at         timestamptz,
    PRIMARY KEY (transition_id, receiver),
    CHECK (sent_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX alert_notification_due ON alert_notification (next_attempt_at)
    WHERE sent_at IS NULL AND dead_at IS NULL;

-- Where the evaluation of a rule on a Datastream stands; written in the transaction that moves the feed's cursor.
CREATE TABLE alert_evaluation (
    rule          text NOT NULL,
    datastream_id bigint NOT NULL REFERENCES datastream,
    alert_id      bigint REFERENCES alert,
    due_at        timestamptz,
    memory        jsonb NOT NULL,
    PRIMARY KEY (datastream_id, rule)
);
COMMENT ON COLUMN alert_evaluation.memory IS 'What alerts/evaluate.py remembers (Evaluation)';
COMMENT ON COLUMN alert_evaluation.due_at IS 'When something changes although no observation comes';
CREATE INDEX alert_evaluation_due ON alert_evaluation (due_at) WHERE due_at IS NOT NULL;

CREATE VIEW public_view.alert AS
SELECT a.id, a.rule, a.domain, a.thing_id, a.property, a.severity, a.state, a.title_vi, a.title_en, a.unit,
       a.limit_value, a.value, a.value_time, a.peak, a.pending_since, a.firing_since, a.resolved_at, a.provenance,
       a.simulated, a.withdrawn_at
FROM public.alert a JOIN public.thing t ON t.id = a.thing_id
WHERE t.is_public AND a.for_citizens AND a.firing_since IS NOT NULL AND a.withdrawn_at IS NULL;

GRANT SELECT ON public_view.alert TO hanoi_public;
