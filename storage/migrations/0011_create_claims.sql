-- Devices that speak in a name of their own, and what becomes of a rejection when its cause is mended.

-- A device of a source (ingest/sources.py) is this Thing. What sources.toml says of a device goes first.
CREATE TABLE device_claim (
    source     text NOT NULL,
    device     text NOT NULL,
    thing_id   text NOT NULL REFERENCES thing,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    claimed_by text NOT NULL,
    PRIMARY KEY (source, device)
);

-- The devices that a message named and nobody knew; and when its reprocessing found nothing wrong any more. A resolved
-- rejection stays: it holds the bytes that its observations came from.
ALTER TABLE rejected_message
    ADD COLUMN unknown_devices text[],
    ADD COLUMN resolved_at timestamptz;
CREATE INDEX rejected_message_unknown ON rejected_message (source, received_at)
    WHERE unknown_devices IS NOT NULL AND resolved_at IS NULL;
CREATE INDEX rejected_message_open ON rejected_message (reason, received_at) WHERE resolved_at IS NULL;
