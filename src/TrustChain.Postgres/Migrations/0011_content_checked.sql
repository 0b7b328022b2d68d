-- The content of records by ranges of ids, second step: every row is looked at, so that the third need not do it under its lock. Reading and writing go on.
alter table statement_body validate constraint content_partition_1;
alter table event_body validate constraint content_partition_1;
alter table record_measure validate constraint content_partition_1;
