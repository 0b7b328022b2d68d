-- Indexes for what was read in full to find little of it. All of these tables are small beside those of records, so a script may make them.

-- What lies below an element is looked for by the element alone, in every vocabulary.
create index master_data_child_parent on master_data_child (organisation_id, parent, child);

-- What is due of the subscriptions: streams by the entry they have come to, schedules by the time of their next run, and runs under way.
create index subscription_stream on subscription (next_leaf) where not is_stopped and schedule is null;
create index subscription_schedule on subscription (next_run_at) where not is_stopped and schedule is not null;
create index subscription_run on subscription (id) where not is_stopped and schedule is not null and run_until_leaf is not null;

-- Anchors of a span of time, and the largest before it.
create index anchor_block_time on anchor (target, block_time, size);

-- Members of an organisation are listed by their login as it is written.
create index person_login on person (login);
