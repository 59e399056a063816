-- Operators who log in at an identity provider (OpenID Connect): known by what they are called there (issuer and
-- subject), without a password here. And sessions that can be named, and ended, without their token.

ALTER TABLE operator
    ALTER COLUMN password_hash DROP NOT NULL,
    ALTER COLUMN password_changed_at DROP NOT NULL,
    ADD COLUMN issuer text,
    ADD COLUMN subject text,
    ADD CONSTRAINT operator_has_one_way_in CHECK (
        (password_hash IS NULL) = (issuer IS NOT NULL) AND (issuer IS NULL) = (subject IS NULL)
        AND (password_hash IS NULL) = (password_changed_at IS NULL)),
    ADD CONSTRAINT operator_is_one_person_elsewhere UNIQUE (issuer, subject);

ALTER TABLE operator_session
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN address text NOT NULL DEFAULT '-';

CREATE INDEX operator_audit_actor ON operator_audit (actor, id DESC);
CREATE INDEX operator_audit_subject ON operator_audit (subject, id DESC);
