-- Content that was written to a file, and whether the file alone has it.

-- One row for each partition that was ever written out, of its newest file. What the erasure of a record asks for while its content is in a file alone is done
-- when the file is brought back: the table erasure is whole.
create table content_archive (
    partition       integer     primary key references content_partition (number),
    location        text        not null, -- where the operator keeps it; shown to whoever may see a record of it
    sha256          bytea       not null constraint content_archive_digest_length check (octet_length(sha256) = 32),
    size_bytes      bigint      not null,
    statements      bigint      not null,
    events          bigint      not null,
    measures        bigint      not null,
    exported_at     timestamptz not null,
    dropped_at      timestamptz -- since when the file alone has the content; null: the database has it
);
