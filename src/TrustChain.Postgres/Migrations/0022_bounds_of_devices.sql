-- Indexes for what is asked of all devices, or of one owner's, however many there are. None is on a column that a capture of telemetry writes.

-- Silences in force: looked for, and ended, each minute.
create index device_finding_silent on device_finding (device_id) where code = 'silence' and ended_at is null;

-- Grants in force of a device, which are counted when one is given.
create index device_grant_in_force on device_grant (device_id) where granted_at is not null and revoked_at is null;

-- What is on its way to a hook goes with the hook.
create index device_alarm_delivery_hook on device_alarm_delivery (hook_id);

-- Machines of a feed are found by serial number, without regard to case.
create index device_serial on device (organisation_id, lower(serial)) where serial is not null;
