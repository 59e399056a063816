-- What citizens tell the centre: flooding, smoke, dead fish, a broken bay. What somebody wrote is never changed; what is
-- moderated stands beside it. How to reach them is apart and can be deleted, and so can a picture (decision 0024).

CREATE TABLE citizen_report (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number       text NOT NULL UNIQUE CHECK (number ~ '^[0-9A-HJKMNP-TV-Z]{8}$'),
    service      text NOT NULL CHECK (service IN ('flood', 'smoke', 'dead_fish', 'broken_bay')),
    lat          double precision NOT NULL CHECK (lat BETWEEN 20.45 AND 21.5),
    lon          double precision NOT NULL CHECK (lon BETWEEN 105.15 AND 106.15),
    place        text NOT NULL CHECK (place IN ('point', 'thing', 'ward')),
    place_id     text CHECK (length(place_id) BETWEEN 1 AND 64),
    description  text NOT NULL CHECK (length(btrim(description)) >= 1 AND length(description) <= 2000),
    language     text NOT NULL CHECK (language IN ('vi', 'en')),
    channel      text NOT NULL CHECK (channel IN ('page', 'api')),
    requested_at timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'confirmed', 'rejected', 'merged')),
    status       text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    merged_into  bigint REFERENCES citizen_report,
    text_shown   text CHECK (length(text_shown) <= 2000),
    photo_shown  boolean NOT NULL DEFAULT false,
    shown_until  timestamptz,
    answer_vi    text CHECK (length(answer_vi) BETWEEN 1 AND 2000),
    answer_en    text CHECK (length(answer_en) BETWEEN 1 AND 2000),
    reason       text CHECK (length(btrim(reason)) BETWEEN 1 AND 500),
    moderated_at timestamptz,
    moderated_by text,
    closed_at    timestamptz,
    closed_by    text,
    CHECK ((place = 'point') = (place_id IS NULL)),
    CHECK ((state = 'merged') = (merged_into IS NOT NULL) AND merged_into <> id),
    CHECK ((state = 'rejected') = (reason IS NOT NULL)),
    CHECK (state NOT IN ('rejected', 'merged') OR status = 'closed'),
    CHECK ((state = 'new') = (moderated_at IS NULL) AND (moderated_at IS NULL) = (moderated_by IS NULL)),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by IS NULL))
);
COMMENT ON COLUMN citizen_report.number IS 'What people know it by: 40 random bits, so that nobody finds it who was not told';
COMMENT ON COLUMN citizen_report.place IS 'How its place was said: on a map, as a Thing, or as a ward (its centre)';
COMMENT ON COLUMN citizen_report.place_id IS 'A Thing, or the code of a ward';
COMMENT ON COLUMN citizen_report.text_shown IS 'The description as everybody may read it; empty: not at all';
COMMENT ON COLUMN citizen_report.shown_until IS 'Until when it is on the map';
COMMENT ON COLUMN citizen_report.reason IS 'Why it was rejected, for who has its number';
CREATE INDEX citizen_report_at ON citizen_report (requested_at DESC, id DESC);
CREATE INDEX citizen_report_open ON citizen_report (requested_at) WHERE status = 'open';
CREATE INDEX citizen_report_merged ON citizen_report (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX citizen_report_updated ON citizen_report (updated_at);

CREATE TRIGGER citizen_report_is_only_moderated BEFORE UPDATE ON citizen_report
    FOR EACH ROW EXECUTE FUNCTION refuse_other_change('updated_at', 'state', 'status', 'merged_into', 'text_shown',
                                                      'photo_shown', 'shown_until', 'answer_vi', 'answer_en', 'reason',
                                                      'moderated_at', 'moderated_by', 'closed_at', 'closed_by');
CREATE TRIGGER citizen_report_is_not_deleted BEFORE DELETE ON citizen_report
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER citizen_report_is_not_emptied BEFORE TRUNCATE ON citizen_report
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE citizen_report_contact (
    report_id bigint PRIMARY KEY REFERENCES citizen_report,
    contact   text NOT NULL CHECK (length(btrim(contact)) BETWEEN 1 AND 200)
);
COMMENT ON TABLE citizen_report_contact IS 'How to reach somebody; goes when the report is closed, or before';

CREATE TABLE citizen_report_photo (
    report_id bigint PRIMARY KEY REFERENCES citizen_report,
    content   bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 3145728),
    width     integer NOT NULL CHECK (width BETWEEN 1 AND 1600),
    height    integer NOT NULL CHECK (height BETWEEN 1 AND 1600)
);
COMMENT ON TABLE citizen_report_photo IS 'JPEG, made anew from what was sent: nothing else of the file is left';
ALTER TABLE citizen_report_photo ALTER COLUMN content SET STORAGE EXTERNAL; -- it is compressed already

-- What everybody may read: what was confirmed, where it was to about a hundred metres, nobody's name.
CREATE VIEW public_view.citizen_report AS
SELECT r.id, r.number, r.service, round(r.lat::numeric, 3)::double precision AS lat,
       round(r.lon::numeric, 3)::double precision AS lon, r.place, r.place_id, r.text_shown AS description, r.language,
       r.requested_at, r.updated_at, r.status, r.answer_vi, r.answer_en, r.shown_until,
       r.photo_shown AND EXISTS (SELECT FROM public.citizen_report_photo p WHERE p.report_id = r.id) AS has_photo
FROM public.citizen_report r WHERE r.state = 'confirmed';
GRANT SELECT ON public_view.citizen_report TO hanoi_public;

CREATE VIEW public_view.citizen_report_photo AS
SELECT r.number, p.content FROM public.citizen_report r JOIN public.citizen_report_photo p ON p.report_id = r.id
WHERE r.state = 'confirmed' AND r.photo_shown;
GRANT SELECT ON public_view.citizen_report_photo TO hanoi_public;

-- The one way in for the public role: it can add a report as the checks above allow it, and nothing else. NULL: there are
-- too many of the last hour, or too many that wait; that bounds what a public site in wrong hands can fill.
CREATE FUNCTION public_view.submit_citizen_report(
    said_service text, said_lat double precision, said_lon double precision, said_place text, said_place_id text,
    said_text text, said_language text, said_channel text, said_contact text, sent_photo bytea, sent_width integer,
    sent_height integer
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    random_bytes bytea := uuid_send(gen_random_uuid());
    made text := '';
    made_id bigint;
    at integer;
BEGIN
    IF (SELECT count(*) FROM public.citizen_report r WHERE r.requested_at > now() - INTERVAL '1 hour') >= 600
       OR (SELECT count(*) FROM public.citizen_report r WHERE r.status = 'open' AND r.state = 'new') >= 5000 THEN
        RETURN NULL;
    END IF;
    FOREACH at IN ARRAY ARRAY[0, 1, 2, 3, 4, 5, 9, 10] LOOP -- bytes of a version 4 UUID that are random throughout
        made := made || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', get_byte(random_bytes, at) % 32 + 1, 1);
    END LOOP;
    INSERT INTO public.citizen_report (number, service, lat, lon, place, place_id, description, language, channel,
                                       requested_at, updated_at)
    VALUES (made, said_service, said_lat, said_lon, said_place, said_place_id, said_text, said_language, said_channel,
            now(), now())
    RETURNING id INTO made_id;
    IF said_contact IS NOT NULL THEN
        INSERT INTO public.citizen_report_contact (report_id, contact) VALUES (made_id, said_contact);
    END IF;
    IF sent_photo IS NOT NULL THEN
        INSERT INTO public.citizen_report_photo (report_id, content, width, height)
        VALUES (made_id, sent_photo, sent_width, sent_height);
    END IF;
    RETURN made;
END $$;

-- What who has the number may know, also of one that nobody looked at yet. Of one that was put to another it is how that
-- one stands; its number is told once everybody may know it.
CREATE FUNCTION public_view.citizen_report_told(asked_number text)
RETURNS TABLE (number text, service text, place text, place_id text, language text, requested_at timestamptz,
               updated_at timestamptz, state text, status text, answer_vi text, answer_en text, reason text,
               merged boolean, main_number text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT r.number, r.service, r.place, r.place_id, r.language, r.requested_at,
           GREATEST(r.updated_at, m.updated_at), COALESCE(m.state, r.state), COALESCE(m.status, r.status),
           COALESCE(m.answer_vi, r.answer_vi), COALESCE(m.answer_en, r.answer_en), COALESCE(m.reason, r.reason),
           m.id IS NOT NULL, CASE WHEN m.state = 'confirmed' THEN m.number END
    FROM public.citizen_report r LEFT JOIN public.citizen_report m ON m.id = r.merged_into
    WHERE r.number = asked_number
$$;

REVOKE ALL ON FUNCTION public_view.submit_citizen_report, public_view.citizen_report_told FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_view.submit_citizen_report, public_view.citizen_report_told TO hanoi_public;
