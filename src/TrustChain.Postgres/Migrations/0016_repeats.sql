-- Events of a statement in document form that are records of earlier statements. The statement holds their content too, so it goes with them when that is erased.
create table statement_repeat (
    record_id    bigint not null,
    statement_id bigint not null,
    primary key (record_id, statement_id)
);
