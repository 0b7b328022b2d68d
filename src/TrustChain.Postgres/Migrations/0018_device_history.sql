-- Two things that a device's history tells beside its days; neither is in a day's content, which whoever has the statements alone must compute to the same bytes.

-- Where the service read encrypted positions: the places of the day to a tenth of a degree, sealed under a key of the deployment. Null where nothing was read, or by a server of the version before.
alter table device_day_place add column places text;

-- Days whose places were read before this are looked at again.
insert into device_day_due (device_id, day) select device_id, day from device_day_place where read > 0;

-- What its owner, or somebody with a grant for maintenance, stated to have been done to a device. Filled at capture, so that a history is read without looking through all records of the device.
create table device_maintenance (
    device_id       integer     not null,
    day             date        not null,
    record_id       bigint      not null,
    event_time      timestamptz not null,
    organisation_id integer     not null,
    -- The business step in a word: repairing.
    step            text        not null,
    primary key (device_id, day, record_id)
);
create index device_maintenance_record on device_maintenance (record_id);

-- Days that are computed again because a rule changed (trustchain-server devices recompute) wait behind those that have something new, however many they are.
alter table device_day_due add column later boolean not null default false;
create index device_day_due_order on device_day_due (later, id);
