-- Keys of those who use the public API much: known by their hash, never edited or deleted, only revoked.

CREATE TABLE api_key (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    key_hash   bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
    contact    text NOT NULL CHECK (btrim(contact) <> ''),
    per_minute integer NOT NULL CHECK (per_minute > 0),
    per_day    integer NOT NULL CHECK (per_day > 0),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz CHECK (expires_at > created_at),
    revoked_at timestamptz,
    revoked_by text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
COMMENT ON COLUMN api_key.key_hash IS 'SHA-256 of the key, which is random: nothing can be guessed from it';
COMMENT ON COLUMN api_key.contact IS 'Who is told before the key is revoked';

CREATE TRIGGER api_key_is_only_revoked BEFORE UPDATE ON api_key
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('revoked_at', 'revoked_by');
CREATE TRIGGER api_key_stays_revoked BEFORE UPDATE ON api_key
    FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER api_key_is_not_deleted BEFORE DELETE ON api_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER api_key_is_not_emptied BEFORE TRUNCATE ON api_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE api_key_use (
    api_key_id bigint NOT NULL REFERENCES api_key,
    day        date NOT NULL,
    requests   bigint NOT NULL DEFAULT 0 CHECK (requests >= 0),
    refused    bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
    PRIMARY KEY (api_key_id, day)
);
COMMENT ON COLUMN api_key_use.day IS 'A day of Hanoi';
COMMENT ON COLUMN api_key_use.refused IS 'Requests beyond the quota, answered 429; not among the others';

-- Those that count now, without whose they are.
CREATE VIEW public_view.api_key AS
SELECT k.id, k.key_hash, k.per_minute, k.per_day, k.expires_at,
       (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, COALESCE(u.requests, 0) AS requests
FROM public.api_key k
LEFT JOIN public.api_key_use u ON u.api_key_id = k.id AND u.day = (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
GRANT SELECT ON public_view.api_key TO hanoi_public;

-- The one thing that the public process writes: it adds to these two numbers, and can neither read nor lessen them.
CREATE FUNCTION public_view.count_api_use(key_id bigint, on_day date, more_requests bigint, more_refused bigint)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.api_key_use AS u (api_key_id, day, requests, refused)
    SELECT k.id, on_day, more_requests, more_refused FROM public.api_key k
    WHERE k.id = key_id AND more_requests >= 0 AND more_refused >= 0
      AND on_day BETWEEN (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 1
                     AND (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + 1
    ON CONFLICT (api_key_id, day) DO UPDATE
    SET requests = u.requests + EXCLUDED.requests, refused = u.refused + EXCLUDED.refused;
END;
REVOKE EXECUTE ON FUNCTION public_view.count_api_use FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_view.count_api_use TO hanoi_public;
