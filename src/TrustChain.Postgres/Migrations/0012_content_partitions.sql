-- The content of records by ranges of ids, third step: what is there becomes the first partition, under the names by which servers know the tables. No row is
-- copied and no index built: a checked constraint says that every row belongs there, and each index of the partition is taken for the one of the whole table.

alter table statement_body rename to statement_body_p1;
alter table statement_body_p1 rename constraint statement_body_pkey to statement_body_p1_pkey;
create table statement_body (
    statement_id    bigint      primary key,
    jws             bytea       not null,
    leaves          bytea
) partition by range (statement_id);

alter table event_body rename to event_body_p1;
alter table event_body_p1 rename constraint event_body_pkey to event_body_p1_pkey;
alter index event_body_event_time rename to event_body_p1_event_time;
alter index event_body_record_time rename to event_body_p1_record_time;
alter index event_body_event_type rename to event_body_p1_event_type;
alter index event_body_biz_step rename to event_body_p1_biz_step;
alter index event_body_disposition rename to event_body_p1_disposition;
alter index event_body_incomplete rename to event_body_p1_incomplete;
create table event_body (
    record_id       bigint      primary key,
    event           bytea       not null,
    event_salt      bytea,
    organisation_id integer,
    is_public       boolean,
    event_time      timestamptz,
    record_time     timestamptz,
    event_type      bigint,
    biz_step        bigint,
    disposition     bigint,
    parties         text[]
) partition by range (record_id);
create index event_body_event_time on event_body (event_time, record_id);
create index event_body_record_time on event_body (record_time, record_id);
create index event_body_event_type on event_body (event_type, event_time, record_id);
create index event_body_biz_step on event_body (biz_step, event_time, record_id) where biz_step is not null;
create index event_body_disposition on event_body (disposition, event_time, record_id) where disposition is not null;
create index event_body_incomplete on event_body (record_id) where event is not null and event_type is null;

alter table record_measure rename to record_measure_p1;
alter table record_measure_p1 rename constraint record_measure_pkey to record_measure_p1_pkey;
alter index record_measure_record rename to record_measure_p1_record;
create table record_measure (
    measure         bigint           not null,
    value           double precision not null,
    record_id       bigint           not null,
    primary key (measure, value, record_id)
) partition by range (record_id);
create index record_measure_record on record_measure (record_id, measure);
-- A statement's trigger is that of the table it names; the partition keeps its own.
create trigger record_measure_append_only before update or truncate on record_measure for each statement execute function refuse_change();

do $$
declare
    bound bigint;
    name text;
    given record;
begin
    select before_id into bound from content_partition where number = 1;
    foreach name in array array['statement_body', 'event_body', 'record_measure'] loop
        execute format('alter table %I attach partition %I for values from (minvalue) to (%s)', name, name || '_p1', bound);
        execute format('alter table %I drop constraint content_partition_1', name || '_p1');
        -- Whoever may use the table may use it under the same name as before.
        for given in
            select a.privilege_type as privilege, case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee
            from pg_class c, aclexplode(c.relacl) a where c.oid = (name || '_p1')::regclass and a.grantee <> c.relowner
        loop
            execute format('grant %s on %I to %s', given.privilege, name, given.grantee);
        end loop;
    end loop;
end $$;
