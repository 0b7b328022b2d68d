-- How far the service could read the encrypted positions of a day, of devices that wrap their keys to it. What the checks of places found there is in device_finding. The day's content has
-- nothing of either: whoever has the statements alone must compute the same bytes. Places themselves are kept nowhere in the clear.
create table device_day_place (
    device_id       integer     not null,
    day             date        not null,
    encrypted       integer     not null,
    read            integer     not null,
    -- Findings beyond the first 20 of a code, which are not listed.
    more_findings   integer     not null,
    primary key (device_id, day),
    constraint device_day_place_read check (read between 0 and encrypted)
);

-- Keys that are here already have not been used for this yet.
insert into device_day_due (device_id, day)
select distinct k.device_id, k.day from device_day_key k where split_part(k.name, '.', 2) = 'position' and exists (select from telemetry t where t.device_id = k.device_id and t.day = k.day);
