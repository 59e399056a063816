-- Citizens who asked to be told: by mail after they confirmed it, or by web push. Nobody's name, no place but a Thing's;
-- tokens are known by their hash; what is deleted is gone (decision 0028).

CREATE TABLE subscription (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel      text NOT NULL CHECK (channel IN ('email', 'push')),
    address      text NOT NULL CHECK (length(address) BETWEEN 3 AND 1000),
    p256dh       bytea CHECK (octet_length(p256dh) = 65),
    auth         bytea CHECK (octet_length(auth) = 16),
    language     text NOT NULL CHECK (language IN ('vi', 'en')),
    thing_id     text NOT NULL CHECK (thing_id ~ '^[a-z0-9_-]{1,64}$'),
    property     text NOT NULL CHECK (property ~ '^[a-z0-9_-]{1,64}$'),
    at_least     integer NOT NULL CHECK (at_least BETWEEN 1 AND 10000),
    asked_at     timestamptz NOT NULL,
    confirmed_at timestamptz,
    holds        boolean,
    told_at      timestamptz,
    CHECK ((channel = 'push') = (p256dh IS NOT NULL) AND (p256dh IS NULL) = (auth IS NULL)),
    CHECK (channel = 'email' OR confirmed_at IS NOT NULL),
    UNIQUE (address, channel, thing_id, property, at_least)
);
COMMENT ON COLUMN subscription.address IS 'A mail address, or the endpoint that a browser has at its push service (RFC 8030)';
COMMENT ON COLUMN subscription.p256dh IS 'The browser''s public key (RFC 8291)';
COMMENT ON COLUMN subscription.at_least IS 'The level of the property''s bands from which on to tell; without bands a value';
COMMENT ON COLUMN subscription.holds IS 'Whether it was so when last looked at; empty: nobody looked yet';
CREATE INDEX subscription_unconfirmed ON subscription (asked_at) WHERE confirmed_at IS NULL;
CREATE INDEX subscription_asked ON subscription (asked_at);

CREATE TABLE subscription_token (
    token_hash      bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
    made_at         timestamptz NOT NULL
);
COMMENT ON TABLE subscription_token IS 'What the links of messages are known by; SHA-256 of 256 random bits';
CREATE INDEX subscription_token_of ON subscription_token (subscription_id, made_at);

-- What waits to be sent. It is deleted when it was, so that nothing is kept of who was told what.
CREATE TABLE subscription_message (
    key             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
    kind            text NOT NULL CHECK (kind IN ('welcome', 'news')),
    facts           jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    claimed_term    bigint,
    UNIQUE (subscription_id, kind)
);
COMMENT ON COLUMN subscription_message.key IS 'The same for every attempt: Message-ID of a mail, Topic of a push message';
CREATE INDEX subscription_message_due ON subscription_message (next_attempt_at);

-- How often mail was asked for an address, for a day and no longer: nobody is flooded by what others ask.
CREATE TABLE subscription_mail_asked (
    address_hash bytea NOT NULL CHECK (octet_length(address_hash) = 32),
    asked_at     timestamptz NOT NULL
);
CREATE INDEX subscription_mail_asked_of ON subscription_mail_asked (address_hash, asked_at);
CREATE INDEX subscription_mail_asked_at ON subscription_mail_asked (asked_at);

-- The one way in for the public role. 'taken' says nothing of whether the address was known; 'full': too much is asked;
-- 'unknown': there is no such Thing; 'many': a browser has as many as it may (of a mail address that is not told).
CREATE FUNCTION public_view.ask_subscription(
    said_channel text, said_address text, said_p256dh bytea, said_auth bytea, said_language text, said_thing text,
    said_property text, said_at_least integer, made_token_hash bytea
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    hashed bytea := sha256(convert_to(lower(said_address), 'UTF8'));
    made bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM public.thing t
                   WHERE t.id = said_thing AND t.is_public AND t.retired_from IS NULL) THEN
        RETURN 'unknown';
    END IF;
    IF (SELECT count(*) FROM public.subscription s WHERE s.asked_at > now() - INTERVAL '1 hour') >= 3000
       OR (SELECT count(*) FROM public.subscription_mail_asked m WHERE m.asked_at > now() - INTERVAL '1 hour') >= 3000
       OR (SELECT count(*) FROM public.subscription) >= 200000 THEN
        RETURN 'full';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('subscription ' || lower(said_address), 0));
    IF said_channel = 'email' THEN
        IF (SELECT count(*) FROM public.subscription_mail_asked m
            WHERE m.address_hash = hashed AND m.asked_at > now() - INTERVAL '1 day') >= 5 THEN
            RETURN 'taken';
        END IF;
        INSERT INTO public.subscription_mail_asked (address_hash, asked_at) VALUES (hashed, now());
    END IF;
    IF (SELECT count(*) FROM public.subscription s WHERE s.channel = said_channel AND s.address = said_address
          AND (s.thing_id, s.property, s.at_least) IS DISTINCT FROM (said_thing, said_property, said_at_least)) >= 20 THEN
        RETURN CASE said_channel WHEN 'email' THEN 'taken' ELSE 'many' END;
    END IF;
    INSERT INTO public.subscription AS s (channel, address, p256dh, auth, language, thing_id, property, at_least,
                                          asked_at, confirmed_at)
    VALUES (said_channel, said_address, said_p256dh, said_auth, said_language, said_thing, said_property, said_at_least,
            now(), CASE said_channel WHEN 'push' THEN now() END)
    ON CONFLICT (address, channel, thing_id, property, at_least) DO UPDATE
    SET p256dh = EXCLUDED.p256dh, auth = EXCLUDED.auth,
        language = CASE WHEN s.confirmed_at IS NULL OR s.channel = 'push' THEN EXCLUDED.language ELSE s.language END,
        asked_at = CASE WHEN s.confirmed_at IS NULL THEN EXCLUDED.asked_at ELSE s.asked_at END
    RETURNING s.id INTO made;
    IF said_channel = 'push' THEN
        INSERT INTO public.subscription_token (token_hash, subscription_id, made_at)
        VALUES (made_token_hash, made, now());
    END IF;
    INSERT INTO public.subscription_message (subscription_id, kind, created_at, next_attempt_at)
    VALUES (made, 'welcome', now(), now())
    ON CONFLICT (subscription_id, kind) DO NOTHING;
    RETURN 'taken';
END $$;

-- What who has a token may see: all that is kept for the address that the token was sent to.
CREATE FUNCTION public_view.subscriptions_held(asked_hash bytea)
RETURNS TABLE (id bigint, channel text, address text, language text, thing_id text, property text, at_least integer,
               asked_at timestamptz, confirmed_at timestamptz, told_at timestamptz, own boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT s.id, s.channel, s.address, s.language, s.thing_id, s.property, s.at_least, s.asked_at, s.confirmed_at,
           s.told_at, s.id = mine.id
    FROM public.subscription_token k JOIN public.subscription mine ON mine.id = k.subscription_id
    JOIN public.subscription s ON (s.channel, s.address) = (mine.channel, mine.address)
    WHERE k.token_hash = asked_hash
    ORDER BY s.id = mine.id DESC, s.id
$$;

-- False: there is no such token. Only what the token was made for is confirmed.
CREATE FUNCTION public_view.confirm_subscription(asked_hash bytea) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH confirmed AS (
        UPDATE public.subscription s SET confirmed_at = COALESCE(s.confirmed_at, now())
        FROM public.subscription_token k WHERE k.token_hash = asked_hash AND s.id = k.subscription_id
        RETURNING s.id
    )
    SELECT EXISTS (SELECT FROM confirmed)
$$;

-- One of the address's, or with NULL all of them; returns how many went.
CREATE FUNCTION public_view.delete_subscriptions(asked_hash bytea, one bigint) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH deleted AS (
        DELETE FROM public.subscription s
        USING public.subscription_token k, public.subscription mine
        WHERE k.token_hash = asked_hash AND mine.id = k.subscription_id
          AND (s.channel, s.address) = (mine.channel, mine.address) AND (one IS NULL OR s.id = one)
        RETURNING s.id
    )
    SELECT count(*)::integer FROM deleted
$$;

REVOKE ALL ON FUNCTION public_view.ask_subscription, public_view.subscriptions_held, public_view.confirm_subscription,
    public_view.delete_subscriptions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_view.ask_subscription, public_view.subscriptions_held, public_view.confirm_subscription,
    public_view.delete_subscriptions TO hanoi_public;
