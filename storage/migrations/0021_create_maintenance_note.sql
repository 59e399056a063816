-- What people did to a Thing: it was cleaned, calibrated, repaired, replaced. Both tables only grow: who wrote a note in
-- error withdraws it, and it stays to be read with who did so.

CREATE TABLE maintenance_note (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id   text NOT NULL REFERENCES thing,
    kind       text NOT NULL CHECK (kind IN ('cleaning', 'calibration', 'repair', 'replacement', 'other')),
    text       text NOT NULL CHECK (length(btrim(text)) BETWEEN 1 AND 2000),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz CHECK (ends_at >= starts_at),
    author     text NOT NULL,
    written_at timestamptz NOT NULL
);
COMMENT ON COLUMN maintenance_note.ends_at IS 'Empty: it was done at one moment, or nobody said how long it took';
COMMENT ON COLUMN maintenance_note.author IS 'A name and no reference: it outlives the account';
CREATE INDEX maintenance_note_of ON maintenance_note (thing_id, starts_at DESC);

CREATE TABLE maintenance_withdrawal (
    note_id      bigint PRIMARY KEY REFERENCES maintenance_note,
    withdrawn_by text NOT NULL,
    withdrawn_at timestamptz NOT NULL
);

CREATE TRIGGER maintenance_note_only_grows BEFORE UPDATE OR DELETE ON maintenance_note
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER maintenance_note_is_not_emptied BEFORE TRUNCATE ON maintenance_note
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER maintenance_withdrawal_only_grows BEFORE UPDATE OR DELETE ON maintenance_withdrawal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER maintenance_withdrawal_is_not_emptied BEFORE TRUNCATE ON maintenance_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The page of a Thing looks for the newest message that was refused on its topics, and for its alerts. A topic may be
-- 64 KiB long and an index row 2,700 bytes, so that the index has its hash.
CREATE INDEX rejected_message_of_topic ON rejected_message (hashtextextended(topic, 0), received_at DESC);
CREATE INDEX alert_of_thing ON alert (thing_id, pending_since DESC);
