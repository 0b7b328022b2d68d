-- Who may read a device's data, who did, and the keys that go with it.

-- The key to which day keys are wrapped for an organisation, in a statement of its own. The newest counts; what was wrapped to an earlier one stays readable for who kept that.
-- A key is published once: its statement is public, and who sends it again must not make it the newest.
create table encryption_key (
    id              bigint      generated always as identity primary key,
    organisation_id integer     not null references organisation,
    kid             text        not null constraint encryption_key_kid_length check (length(kid) = 43),
    jwk             text        not null,
    statement       text        not null,
    custody         smallint    not null,
    created_at      timestamptz not null,
    constraint encryption_key_once unique (organisation_id, kid)
);
create index encryption_key_organisation on encryption_key (organisation_id, id desc);
create index encryption_key_kid on encryption_key (kid);

-- device_id is null where somebody asked for a device that was not there: such a request is kept like any other, so that nobody learns the difference.
create table device_grant (
    id              text        primary key constraint device_grant_id_length check (length(id) = 22),
    uri             text        not null,
    device_id       integer     references device,
    owner_id        integer     references organisation,
    grantee_id      integer     not null references organisation,
    terms           jsonb       not null,
    request         text,
    requested_at    timestamptz,
    refused_at      timestamptz,
    granted_at      timestamptz,
    revoked_at      timestamptz,
    constraint device_grant_begins check (num_nonnulls(requested_at, granted_at) > 0),
    constraint device_grant_refused check (refused_at is null or granted_at is null),
    constraint device_grant_given check (granted_at is null or num_nonnulls(device_id, owner_id) = 2)
);
create index device_grant_device on device_grant (device_id, grantee_id);
create index device_grant_grantee on device_grant (grantee_id, id);

-- Entries of the log that say nothing of what they are about: their bodies are in public_entry, and open with these salts.
create table device_grant_entry (
    grant_id        text        not null references device_grant,
    public_entry_id bigint      not null constraint device_grant_entry_public_unique unique,
    salt            bytea       not null constraint device_grant_entry_salt_length check (octet_length(salt) = 32),
    primary key (grant_id, public_entry_id)
);

create table device_access (
    id              bigint      generated always as identity primary key,
    grant_id        text        not null references device_grant,
    device_id       integer     not null references device,
    hour            timestamptz not null,
    kind            smallint    not null,
    from_day        date        not null,
    until_day       date        not null,
    at              timestamptz not null,
    public_entry_id bigint      not null constraint device_access_public_unique unique,
    salt            bytea       not null constraint device_access_salt_length check (octet_length(salt) = 32),
    constraint device_access_once unique (grant_id, hour, kind, from_day, until_day)
);
create index device_access_device on device_access (device_id, id desc);

-- Day keys, each wrapped to one recipient.
create table device_day_key (
    device_id       integer     not null references device,
    name            text        not null,
    day             date        not null,
    recipient       text        not null constraint device_day_key_recipient_length check (length(recipient) = 43),
    jwe             text        not null,
    added_at        timestamptz not null,
    primary key (device_id, recipient, name)
);
create index device_day_key_day on device_day_key (device_id, recipient, day, name);
