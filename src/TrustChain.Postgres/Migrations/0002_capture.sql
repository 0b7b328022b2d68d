-- What was captured. The append-only tables hold digests; what erasure may empty lives in the *_body tables.

-- Ids are taken by servers in blocks, so that a batch can be written by COPY with its references in place.
create sequence capture_id increment by 10000;

create table statement (
    id              bigint      primary key,
    digest          bytea       not null constraint statement_digest_unique unique constraint statement_digest_length check (octet_length(digest) = 32),
    organisation_id integer     not null,
    kid             text        not null,
    key_entry       bigint      not null,
    custody         smallint    not null,
    form            smallint    not null,
    event_count     integer     not null,
    received_at     timestamptz not null
);

create table statement_body (
    statement_id    bigint      primary key,
    jws             bytea       not null,
    -- Root form with several events: the leaf hashes under the signed root, 32 bytes each.
    leaves          bytea
);

-- One event in one statement by one signer. identity is the start of a digest over organisation, event hash, eventID and error declaration.
create table record (
    id              bigint      primary key,
    statement_id    bigint      not null,
    position        integer     not null,
    organisation_id integer     not null,
    identity        uuid        not null constraint record_identity_unique unique,
    event_hash      bytea       not null constraint record_event_hash_length check (octet_length(event_hash) = 32),
    event_id        text,
    event_time      timestamptz not null,
    is_public       boolean     not null,
    is_declaration  boolean     not null,
    salt            bytea       not null constraint record_salt_length check (octet_length(salt) = 32)
);
create index record_event_hash on record (event_hash);
create index record_event_id on record (event_id) where event_id is not null;

create table event_body (
    record_id       bigint      primary key,
    event           bytea       not null,
    event_salt      bytea
);

-- One eventID stands for one content within an organisation.
create table event_id_claim (
    organisation_id integer     not null,
    event_id_key    uuid        not null,
    event_hash      bytea       not null,
    primary key (organisation_id, event_id_key)
);

-- Which records speak of an item. item_key is the first 8 bytes of the SHA-256 of its canonical URI: readers compare the event itself afterwards.
create table record_item (
    item_key        bigint      not null,
    record_id       bigint      not null,
    role            smallint    not null,
    primary key (item_key, record_id, role)
);

-- Empty content instead of a missing row says that something was erased, and when.
create table erasure (
    record_id       bigint      primary key,
    erased_at       timestamptz not null,
    reason          text        not null
);
create index record_statement on record (statement_id);
