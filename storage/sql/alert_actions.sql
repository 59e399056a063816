-- name: acknowledge
-- why: of two who acknowledge at the same moment one does
UPDATE alert SET (acknowledged_at, acknowledged_by, acknowledgement) = (%(now)s, %(actor)s, %(note)s)
WHERE id = %(alert_id)s AND state <> 'resolved' AND acknowledged_at IS NULL;

-- name: unacknowledge
UPDATE alert SET (acknowledged_at, acknowledged_by, acknowledgement) = (NULL, NULL, NULL)
WHERE id = %(alert_id)s AND state <> 'resolved' AND acknowledged_at IS NOT NULL;

-- name: resume_escalation
-- why: the steps that were skipped because of an acknowledgement that is taken back
UPDATE alert_escalation SET (done_at, outcome, due_at) = (NULL, NULL, %(now)s)
WHERE alert_id = %(alert_id)s AND outcome = 'acknowledged';

-- name: escalate_now
-- why: the next step of each of the alert's chains
UPDATE alert_escalation e SET due_at = %(now)s
WHERE e.alert_id = %(alert_id)s AND e.done_at IS NULL AND e.due_at > %(now)s
  AND NOT EXISTS (SELECT FROM alert_escalation earlier
                  WHERE earlier.alert_id = e.alert_id AND earlier.chain = e.chain AND earlier.step < e.step
                    AND earlier.done_at IS NULL)
  AND EXISTS (SELECT FROM alert a WHERE a.id = e.alert_id AND a.state = 'firing' AND a.acknowledged_at IS NULL)
RETURNING e.chain, e.step;

-- name: exists
SELECT FROM alert WHERE id = %(alert_id)s;

-- name: approve
UPDATE alert SET (approved_at, approved_by, refused_at) = (%(now)s, %(actor)s, NULL)
WHERE id = %(alert_id)s AND public = 'approve' AND approved_at IS NULL AND state = 'firing' AND withdrawn_at IS NULL;

-- name: refuse
-- why: also takes an approval back, or stops what would go public by itself
UPDATE alert SET (approved_at, approved_by, refused_at) = (NULL, NULL, %(now)s)
WHERE id = %(alert_id)s AND public <> 'never' AND refused_at IS NULL;
