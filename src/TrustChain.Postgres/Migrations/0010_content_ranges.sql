-- The content of records by ranges of ids, first of three steps: where the range ends that holds all there is.

-- Ids of statements and records come from one sequence and grow, so a range of ids is a span of time. The tables with the content (statement_body, event_body,
-- record_measure) have one partition for each range; a range can be taken out to a file and put back. Tables that hold digests stay whole.
create table content_partition (
    number          integer     primary key, -- the partitions are named <table>_p<number>
    from_id         bigint      not null constraint content_partition_from_unique unique,
    before_id       bigint      not null constraint content_partition_before_unique unique,
    made_at         timestamptz not null default now(),
    constraint content_partition_range check (from_id < before_id)
);

-- Each entry in the clear used up a block of ten thousand ids, and ranges would be full of nothing. Those of this version and newer have numbers of their own, which
-- ids of records never reach.
create sequence public_entry_id start 1000000000000001;

-- Enforced at once for new rows, which takes a moment's lock; old ones are looked through in the next step, while servers work on. Servers of the previous version
-- keep working: at least ten million ids are free before the end.
do $$
declare
    bound bigint;
begin
    select ((last_value + 10000000) / 20000000 + 1) * 20000000 + 1 into bound from capture_id;
    insert into content_partition (number, from_id, before_id) values (1, 1, bound);
    execute format('alter table statement_body add constraint content_partition_1 check (statement_id < %s::bigint) not valid', bound);
    execute format('alter table event_body add constraint content_partition_1 check (record_id < %s::bigint) not valid', bound);
    execute format('alter table record_measure add constraint content_partition_1 check (record_id < %s::bigint) not valid', bound);
end $$;
