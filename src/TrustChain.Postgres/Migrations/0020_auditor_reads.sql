-- Reads by auditors of the deployment, who need no grant: who read, and whose device it was then, for a new owner is not told what was read before it.
alter table device_access alter column grant_id drop not null;
alter table device_access add column reader_id integer references organisation;
alter table device_access add column owner_id integer references organisation;
alter table device_access add constraint device_access_by check (num_nonnulls(reader_id, owner_id) = case when grant_id is null then 2 else 0 end);
create unique index device_access_auditor_once on device_access (device_id, reader_id, owner_id, hour, kind, from_day, until_day) where grant_id is null;
