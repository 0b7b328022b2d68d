-- Who may write and read: organisations, their API keys, their claims on identifiers, and their signing keys.

create table organisation (
    id          integer     generated always as identity primary key,
    code        text        not null constraint organisation_code_unique unique
                            constraint organisation_code_form check (code ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name        text        not null,
    roles       text[]      not null,
    template    text,
    created_at  timestamptz not null
);

-- An API key is shown once; only its digest is kept.
create table api_key (
    hash            bytea       primary key constraint api_key_hash_length check (octet_length(hash) = 32),
    organisation_id integer     not null references organisation,
    label           text        not null,
    created_at      timestamptz not null,
    revoked_at      timestamptz
);
create index api_key_organisation on api_key (organisation_id);

-- A claim is "self-declared" until an admin verifies it. Overlaps between organisations are refused by the store under a lock.
create table claim (
    id              integer     generated always as identity primary key,
    organisation_id integer     not null references organisation,
    kind            text        not null constraint claim_kind check (kind in ('gcp', 'key', 'namespace')),
    value           text        not null,
    created_at      timestamptz not null,
    verified_at     timestamptz,
    constraint claim_unique unique (kind, value)
);
create index claim_organisation on claim (organisation_id);

-- A key may sign once its entry is in the log: entry_index is set by the sequencer's transaction.
create table signing_key (
    kid               text        primary key constraint signing_key_kid_length check (length(kid) = 43),
    organisation_id   integer     not null references organisation,
    jwk               text        not null,
    custody           smallint    not null,
    -- Custodial keys only: the private JWK, encrypted under the custodial master key.
    secret            text,
    public_entry_id   bigint      not null,
    created_at        timestamptz not null,
    revoked_at        timestamptz,
    compromised_since bigint
);
create index signing_key_organisation on signing_key (organisation_id, created_at);
