-- Bad data is a value: every message refused, whole or in part, with its bytes and the reason.

CREATE TABLE rejected_message (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at    timestamptz NOT NULL,
    topic          text NOT NULL,
    payload        bytea NOT NULL,
    reason         text NOT NULL,
    detail         jsonb NOT NULL,
    source         text NOT NULL,
    payload_sha256 bytea GENERATED ALWAYS AS (sha256(payload)) STORED
);
CREATE INDEX rejected_message_received_at ON rejected_message (received_at DESC);
CREATE INDEX rejected_message_same_bytes ON rejected_message (payload_sha256, topic);
