-- What the centre tells citizens in its own words, for a time. A notice is never edited or deleted, only withdrawn.

CREATE TABLE notice (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('information', 'works', 'flood', 'air', 'water', 'parking')),
    text_vi      text NOT NULL CHECK (btrim(text_vi) <> ''),
    text_en      text NOT NULL CHECK (btrim(text_en) <> ''),
    wards        text[] NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    author       text NOT NULL,
    published_at timestamptz NOT NULL,
    replaces     bigint REFERENCES notice,
    withdrawn_at timestamptz,
    withdrawn_by text,
    CHECK (ends_at > starts_at AND ends_at - starts_at <= INTERVAL '30 days'),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
COMMENT ON COLUMN notice.wards IS 'Codes of commune-level units (storage/wards.py); empty: the whole city';
COMMENT ON COLUMN notice.replaces IS 'The notice that was withdrawn for this one';
CREATE INDEX notice_open ON notice (ends_at) WHERE withdrawn_at IS NULL;

-- Its arguments are the columns that may change.
CREATE FUNCTION refuse_other_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - TG_ARGV::text[] <> to_jsonb(OLD) - TG_ARGV::text[] THEN
        RAISE EXCEPTION '%: only % may change', TG_TABLE_NAME, TG_ARGV USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notice_is_only_withdrawn BEFORE UPDATE ON notice
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('withdrawn_at', 'withdrawn_by');
CREATE TRIGGER notice_stays_withdrawn BEFORE UPDATE ON notice
    FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notice_is_not_deleted BEFORE DELETE ON notice
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notice_is_not_emptied BEFORE TRUNCATE ON notice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Those that hold now, without who wrote them.
CREATE VIEW public_view.notice AS
SELECT n.id, n.kind, n.text_vi, n.text_en, n.wards, n.starts_at, n.ends_at, n.published_at
FROM public.notice n WHERE n.withdrawn_at IS NULL AND n.starts_at <= now() AND n.ends_at > now();
GRANT SELECT ON public_view.notice TO hanoi_public;
