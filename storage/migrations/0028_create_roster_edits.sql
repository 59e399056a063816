-- Who is on call, as far as it was changed in the control room: calendars that lie over the files of alerting.toml, and
-- persons who cover for others. Neither is deleted; a cover can be removed.

CREATE TABLE roster_file (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    roster  text NOT NULL CHECK (roster ~ '^[a-z0-9_-]{1,64}$'),
    version integer NOT NULL CHECK (version >= 1),
    content text CHECK (octet_length(content) <= 1000000),
    reason  text NOT NULL CHECK (btrim(reason) <> ''),
    author  text NOT NULL,
    made_at timestamptz NOT NULL,
    UNIQUE (roster, version)
);
COMMENT ON COLUMN roster_file.content IS 'An iCalendar file; NULL: the file that alerting.toml names counts again';
CREATE TRIGGER roster_file_only_grows BEFORE UPDATE OR DELETE ON roster_file
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER roster_file_is_not_emptied BEFORE TRUNCATE ON roster_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE roster_cover (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    roster     text NOT NULL,
    absent     text,
    person     text NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    reason     text NOT NULL CHECK (btrim(reason) <> ''),
    author     text NOT NULL,
    made_at    timestamptz NOT NULL,
    removed_at timestamptz,
    removed_by text,
    CHECK (ends_at > starts_at AND ends_at - starts_at <= INTERVAL '31 days'),
    CHECK (absent <> person),
    CHECK ((removed_at IS NULL) = (removed_by IS NULL))
);
COMMENT ON COLUMN roster_cover.absent IS 'Key of the person who is covered for; NULL: somebody is on call besides';
CREATE INDEX roster_cover_ends ON roster_cover (ends_at) WHERE removed_at IS NULL;
CREATE TRIGGER roster_cover_is_only_removed BEFORE UPDATE ON roster_cover
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('removed_at', 'removed_by');
CREATE TRIGGER roster_cover_stays_removed BEFORE UPDATE ON roster_cover
    FOR EACH ROW WHEN (OLD.removed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER roster_cover_is_not_deleted BEFORE DELETE ON roster_cover
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER roster_cover_is_not_emptied BEFORE TRUNCATE ON roster_cover
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
