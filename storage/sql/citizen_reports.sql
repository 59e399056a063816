-- name: submit
-- why: the public role's one way in
SELECT public_view.submit_citizen_report(
    %(service)s, %(lat)s, %(lon)s, %(place)s, %(place_id)s, %(description)s, %(language)s, %(channel)s, %(contact)s,
    %(photo)s, %(photo_width)s, %(photo_height)s) AS number;

-- name: told
SELECT number, service, place, place_id, language, requested_at, updated_at, state, status, answer_vi, answer_en, reason,
       merged, main_number
FROM public_view.citizen_report_told(%(number)s);

-- name: shown
-- why: what everybody may read, the newest first; each filter that is not given asks for everything
SELECT number, service, lat, lon, place, place_id, description, language, requested_at, updated_at, status, answer_vi,
       answer_en, shown_until, has_photo
FROM public_view.citizen_report
WHERE (%(numbers)s::text[] IS NULL OR number = ANY (%(numbers)s))
  AND (%(services)s::text[] IS NULL OR service = ANY (%(services)s))
  AND (%(statuses)s::text[] IS NULL OR status = ANY (%(statuses)s))
  AND (%(since)s::timestamptz IS NULL OR requested_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR requested_at <= %(until)s)
ORDER BY requested_at DESC, id DESC LIMIT %(limit)s;

-- name: shown_photo
SELECT content FROM public_view.citizen_report_photo WHERE number = %(number)s;

-- name: on_map
-- why: floods that were confirmed and hold now
SELECT number, service, lat, lon, place, place_id, description, language, requested_at, updated_at, status, answer_vi,
       answer_en, shown_until, has_photo
FROM public_view.citizen_report
WHERE service = 'flood' AND status = 'open' AND shown_until > %(now)s
ORDER BY requested_at DESC, id DESC LIMIT %(limit)s;

-- name: newest_change
-- why: whether the control room shows something old; one that came in the same moment as another counts too
SELECT max(updated_at) AS at, count(*) FILTER (WHERE status = 'open') AS open FROM citizen_report
WHERE updated_at >= %(since)s OR status = 'open';

-- name: waiting
-- why: the queue of the control room, what has waited longest first
SELECT r.id, r.number, r.service, r.lat, r.lon, r.place, r.place_id, r.description, r.language, r.channel, r.requested_at,
       r.updated_at, r.state, r.status, r.merged_into, r.text_shown, r.photo_shown, r.shown_until, r.answer_vi, r.answer_en,
       r.reason, r.moderated_at, r.moderated_by, r.closed_at, r.closed_by, c.contact,
       EXISTS (SELECT FROM citizen_report_photo p WHERE p.report_id = r.id) AS has_photo,
       (SELECT count(*) FROM citizen_report m WHERE m.merged_into = r.id) AS merged_count
FROM citizen_report r LEFT JOIN citizen_report_contact c ON c.report_id = r.id
WHERE r.status = 'open' AND r.state = %(state)s
ORDER BY r.requested_at, r.id LIMIT %(limit)s;

-- name: closed
SELECT r.id, r.number, r.service, r.lat, r.lon, r.place, r.place_id, r.description, r.language, r.channel, r.requested_at,
       r.updated_at, r.state, r.status, r.merged_into, r.text_shown, r.photo_shown, r.shown_until, r.answer_vi, r.answer_en,
       r.reason, r.moderated_at, r.moderated_by, r.closed_at, r.closed_by, c.contact,
       EXISTS (SELECT FROM citizen_report_photo p WHERE p.report_id = r.id) AS has_photo,
       (SELECT count(*) FROM citizen_report m WHERE m.merged_into = r.id) AS merged_count
FROM citizen_report r LEFT JOIN citizen_report_contact c ON c.report_id = r.id
WHERE r.status = 'closed'
ORDER BY r.updated_at DESC, r.id DESC LIMIT %(limit)s;

-- name: photo
SELECT content FROM citizen_report_photo WHERE report_id = %(report_id)s;

-- name: lock
-- why: in the order of their ids, so that two who merge crosswise wait for each other once
SELECT id, number, service, description, state, status FROM citizen_report
WHERE id = ANY (%(ids)s) ORDER BY id FOR UPDATE;

-- name: confirm
UPDATE citizen_report
SET (state, text_shown, photo_shown, shown_until, moderated_at, moderated_by, updated_at)
    = ('confirmed', %(text)s, %(photo)s, %(until)s, %(now)s, %(actor)s, %(now)s)
WHERE id = %(report_id)s;

-- name: reject
UPDATE citizen_report
SET (state, status, reason, moderated_at, moderated_by, closed_at, closed_by, updated_at)
    = ('rejected', 'closed', %(reason)s, %(now)s, %(actor)s, %(now)s, %(actor)s, %(now)s)
WHERE id = %(report_id)s;

-- name: merge
-- why: what was put to the one that is put to another now goes along
UPDATE citizen_report
SET (state, status, merged_into, moderated_at, moderated_by, closed_at, closed_by, updated_at)
    = ('merged', 'closed', %(into)s, %(now)s, %(actor)s, COALESCE(closed_at, %(now)s), COALESCE(closed_by, %(actor)s),
       %(now)s)
WHERE id = %(report_id)s OR merged_into = %(report_id)s;

-- name: answer
UPDATE citizen_report SET (answer_vi, answer_en, updated_at) = (%(answer_vi)s, %(answer_en)s, %(now)s)
WHERE id = %(report_id)s;

-- name: close
UPDATE citizen_report SET (status, closed_at, closed_by, updated_at) = ('closed', %(now)s, %(actor)s, %(now)s)
WHERE id = %(report_id)s;

-- name: touch
UPDATE citizen_report SET updated_at = %(now)s WHERE id = %(report_id)s;

-- name: forget_contacts
-- why: of a report and of those that were put to it
DELETE FROM citizen_report_contact
WHERE report_id IN (SELECT id FROM citizen_report WHERE id = %(report_id)s OR merged_into = %(report_id)s);

-- name: remove_photo
DELETE FROM citizen_report_photo WHERE report_id = %(report_id)s;
