-- What people say of a time in a domain's charts: "power cut at Tây Mỗ", "fireworks". Both tables only grow: who wrote one in
-- error withdraws it, and it stays to be read with who did so.

CREATE TABLE annotation (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain     text NOT NULL,
    thing_id   text REFERENCES thing,
    text       text NOT NULL CHECK (length(btrim(text)) BETWEEN 1 AND 500),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz CHECK (ends_at >= starts_at),
    author     text NOT NULL,
    written_at timestamptz NOT NULL
);
COMMENT ON COLUMN annotation.thing_id IS 'Empty: it is about the whole domain';
COMMENT ON COLUMN annotation.ends_at IS 'Empty: it is about one moment';
COMMENT ON COLUMN annotation.author IS 'A name and no reference: it outlives the account';
CREATE INDEX annotation_of ON annotation (domain, starts_at DESC);

CREATE TABLE annotation_withdrawal (
    annotation_id bigint PRIMARY KEY REFERENCES annotation,
    withdrawn_by  text NOT NULL,
    withdrawn_at  timestamptz NOT NULL
);

CREATE TRIGGER annotation_only_grows BEFORE UPDATE OR DELETE ON annotation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER annotation_is_not_emptied BEFORE TRUNCATE ON annotation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER annotation_withdrawal_only_grows BEFORE UPDATE OR DELETE ON annotation_withdrawal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER annotation_withdrawal_is_not_emptied BEFORE TRUNCATE ON annotation_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
