-- name: take
SELECT pg_try_advisory_lock(%(key)s) AS taken;

-- name: give_back
SELECT pg_advisory_unlock(%(key)s);
