-- What organisations say about items beside their events: batches, documents, certificates, recalls.

create table batch (
    item            text        primary key,
    organisation_id integer     not null references organisation,
    template        text        not null,
    name            text        not null,
    state           text        not null,
    version         integer     not null,
    details         jsonb       not null,
    created_at      timestamptz not null
);
create index batch_organisation on batch (organisation_id, created_at);
create index batch_newest on batch (created_at);

-- Several organisations may keep the same bytes; each has its own row, the bytes are there once.
create table document (
    digest          bytea       not null constraint document_digest_length check (octet_length(digest) = 32),
    organisation_id integer     not null references organisation,
    kind            text        not null,
    name            text        not null,
    media_type      text        not null,
    size_bytes      integer     not null,
    is_public       boolean     not null,
    created_at      timestamptz not null,
    primary key (digest, organisation_id)
);
create index document_organisation on document (organisation_id, created_at);

create table document_body (
    digest          bytea       primary key,
    content         bytea       not null
);

create table certificate (
    id               text        primary key,
    organisation_id  integer     not null references organisation,
    item             text        not null,
    item_key         bigint      not null,
    details          jsonb       not null,
    valid_from       timestamptz not null,
    valid_until      timestamptz not null,
    issue_entry_id   bigint      not null,
    revoked_at       timestamptz,
    revoke_reason    text,
    revoke_entry_id  bigint
);
create index certificate_item on certificate (item_key);
create index certificate_organisation on certificate (organisation_id, valid_from);

create table recall (
    id               text        primary key,
    organisation_id  integer     not null references organisation,
    item             text        not null,
    item_key         bigint      not null,
    reason           text        not null,
    instructions     text        not null,
    set_at           timestamptz not null,
    set_entry_id     bigint      not null,
    lifted_at        timestamptz,
    lift_reason      text,
    lift_entry_id    bigint
);
create index recall_item on recall (item_key);
create index recall_organisation on recall (organisation_id, set_at);
