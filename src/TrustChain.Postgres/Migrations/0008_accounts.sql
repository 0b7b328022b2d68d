-- People, how they sign in, what they and API keys may do, and what was done.

-- One role for keys and for people: 0 viewer, 1 operator, 2 admin. Keys that are there keep what they could: everything.
alter table api_key
    add column id           integer generated always as identity,
    add column role         smallint    not null default 2 constraint api_key_role check (role between 0 and 2),
    add column created_by   text        not null default 'operator',
    add column expires_at   timestamptz,
    add column last_used_at timestamptz;
alter table api_key alter column role drop default, alter column created_by drop default;
create unique index api_key_id on api_key (id);

create table person (
    id                uuid        primary key,
    login             text        not null,
    login_normalized  text        not null constraint person_login_unique unique,
    name              text        not null,
    password_hash     text,
    security_stamp    text        not null,
    -- Changes with every update: two at once are not mixed.
    version           integer     not null default 0,
    -- The secret of one-time passwords, encrypted under a key derived from the custodial master key.
    authenticator_key text,
    two_factor        boolean     not null default false,
    -- SHA-256 of the codes that are left.
    recovery_codes    bytea[]     not null default '{}',
    failed_count      integer     not null default 0,
    locked_until      timestamptz,
    created_at        timestamptz not null,
    disabled_at       timestamptz
);

create table passkey (
    credential_id bytea       primary key constraint passkey_id_length check (octet_length(credential_id) between 1 and 1023),
    person_id     uuid        not null references person,
    name          text        not null,
    data          jsonb       not null,
    created_at    timestamptz not null
);
create index passkey_person on passkey (person_id);

create table membership (
    person_id       uuid        not null references person,
    organisation_id integer     not null references organisation,
    role            smallint    not null constraint membership_role check (role between 0 and 2),
    created_at      timestamptz not null,
    primary key (person_id, organisation_id)
);
create index membership_organisation on membership (organisation_id);

-- A signed-in browser. Its cookie holds a random key, of which only the digest is here.
create table session (
    hash         bytea       primary key constraint session_hash_length check (octet_length(hash) = 32),
    id           uuid        not null constraint session_id_unique unique,
    person_id    uuid        not null references person,
    ticket       bytea       not null,
    address      text        not null,
    client       text        not null,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at   timestamptz not null
);
create index session_person on session (person_id);
create index session_expires on session (expires_at);

-- A one-time token that makes whoever has it a member; only its digest is here.
create table invitation (
    hash            bytea       primary key constraint invitation_hash_length check (octet_length(hash) = 32),
    id              uuid        not null constraint invitation_id_unique unique,
    organisation_id integer     not null references organisation,
    role            smallint    not null constraint invitation_role check (role between 0 and 2),
    note            text        not null,
    created_by      text        not null,
    created_at      timestamptz not null,
    expires_at      timestamptz not null,
    used_at         timestamptz,
    withdrawn_at    timestamptz
);
create index invitation_organisation on invitation (organisation_id, created_at);

-- Every administrative act: who, when, from where, what, on whose account. No payloads, keys or tokens.
create table audit_entry (
    id              bigint      generated always as identity primary key,
    at              timestamptz not null,
    organisation_id integer     references organisation,
    actor           text        not null,
    act             text        not null,
    subject         text        not null,
    address         text        not null
);
create index audit_entry_organisation on audit_entry (organisation_id, id);
create trigger audit_entry_append_only before update or delete or truncate on audit_entry for each statement execute function refuse_change();

-- Keys that protect cookies and forms, shared by all servers; encrypted under a key derived from the custodial master key.
create table protection_key (
    name       text        primary key,
    element    text        not null,
    created_at timestamptz not null
);
