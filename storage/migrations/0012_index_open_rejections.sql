-- What is still open is read every two seconds by the operators' page, and gone through in order of arrival by
-- reprocessing, however many resolved rejections stand beside it.
CREATE INDEX rejected_message_open_by_time ON rejected_message (received_at, id) INCLUDE (reason)
    WHERE resolved_at IS NULL;

-- Claiming a device asks for what named it. An index over the array's elements and not over the array: a message may
-- name thousands of devices.
CREATE INDEX rejected_message_unknown_device ON rejected_message USING gin (unknown_devices)
    WHERE unknown_devices IS NOT NULL AND resolved_at IS NULL;
