-- name: all_claims
SELECT source, device, thing_id FROM device_claim;
