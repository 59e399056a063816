-- What administrators changed of the alert rules in the control room. It lies over the rules' files: of each key the
-- newest version counts. It only grows, so that every version is kept and who made it.

CREATE TABLE rule_edit (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL CHECK (key ~ '^[a-z0-9_-]{1,64}$'),
    version  integer NOT NULL CHECK (version >= 1),
    document text CHECK (octet_length(document) <= 65536),
    enabled  boolean NOT NULL,
    reason   text NOT NULL CHECK (btrim(reason) <> ''),
    author   text NOT NULL,
    made_at  timestamptz NOT NULL,
    UNIQUE (key, version)
);
COMMENT ON COLUMN rule_edit.document IS 'TOML as in rules.d with this one rule; NULL: as the files have it, or gone where they have none';
COMMENT ON COLUMN rule_edit.enabled IS 'false: the rule is in force nowhere, whatever files or document say';

CREATE TRIGGER rule_edit_only_grows BEFORE UPDATE OR DELETE ON rule_edit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_edit_is_not_emptied BEFORE TRUNCATE ON rule_edit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE alert_rule ADD COLUMN version integer NOT NULL DEFAULT 0;
ALTER TABLE alert_rule ALTER COLUMN version DROP DEFAULT;
COMMENT ON COLUMN alert_rule.version IS 'The newest version of rule_edit when it was put in force; 0: there was none';
