-- Devices: who they are, their keys, what they said and what it amounts to.

create table device (
    id              integer     generated always as identity primary key,
    uri             text        not null constraint device_uri_unique unique,
    -- What the public log calls it: SHA-256(salt || uri).
    pseudonym       bytea       not null constraint device_pseudonym_unique unique constraint device_pseudonym_length check (octet_length(pseudonym) = 32),
    salt            bytea       not null constraint device_salt_length check (octet_length(salt) = 32),
    organisation_id integer     not null references organisation,
    template        text        not null,
    name            text        not null,
    maker           text,
    model           text,
    serial          text,
    -- The maker's word, as it was sent, and what came of checking it.
    attestation     jsonb,
    state           smallint    not null,
    offered_to      integer     references organisation,
    -- Rises by one with each change: the single writer's guard.
    version         integer     not null default 1,
    created_at      timestamptz not null
);
create index device_organisation on device (organisation_id, id);
create index device_offered on device (offered_to) where offered_to is not null;

-- A one-time code by which a device brings its key; only its digest is here.
create table device_claim (
    hash            bytea       primary key constraint device_claim_hash_length check (octet_length(hash) = 32),
    device_id       integer     not null references device,
    created_at      timestamptz not null,
    expires_at      timestamptz not null,
    used_at         timestamptz
);
create index device_claim_device on device_claim (device_id);

create table device_entry (
    device_id       integer     not null references device,
    public_entry_id bigint      not null constraint device_entry_public_unique unique,
    primary key (device_id, public_entry_id)
);

-- A key may sign once its entry is in the log. number: 0 for the device's first key, then 1.
create table device_key (
    kid               text        primary key constraint device_key_kid_length check (length(kid) = 43),
    device_id         integer     not null references device,
    number            smallint    not null,
    jwk               text        not null,
    public_entry_id   bigint      not null,
    admitted_at       timestamptz not null,
    ended_at          timestamptz,
    compromised_since bigint,
    constraint device_key_number_unique unique (device_id, number)
);

-- One row for each telemetry statement. summary is what it contributes to its day, made of the statement alone: all of this can be made again from the records.
-- Imported statements have no key of the device: their key_number is -1, and their sequence the record's id.
create table telemetry (
    device_id       integer     not null,
    key_number      smallint    not null,
    sequence        bigint      not null,
    digest          bytea       not null constraint telemetry_digest_length check (octet_length(digest) = 32),
    previous        bytea,
    boot            bigint      not null,
    clock           timestamptz not null,
    received_at     timestamptz not null,
    day             date        not null,
    record_id       bigint      not null constraint telemetry_record_unique unique,
    imported        boolean     not null constraint telemetry_imported_key check (imported = (key_number = -1)),
    readings        integer     not null,
    summary         bytea       not null,
    primary key (device_id, key_number, sequence, digest)
);
create index telemetry_day on telemetry (device_id, day, key_number, sequence);

-- Days that have to be computed again: rows are only added by who captures and only taken by who computes, so neither waits for the other.
create table device_day_due (
    id              bigint      generated always as identity primary key,
    device_id       integer     not null,
    day             date        not null
);

create table device_day (
    device_id       integer     not null,
    day             date        not null,
    content         bytea       not null,
    computed_at     timestamptz not null,
    primary key (device_id, day)
);

-- What a reader must be told. A finding that later data take back is kept, with the time when it went.
create table device_finding (
    device_id       integer     not null,
    key             text        not null,
    day             date        not null,
    -- Whether the computed day has it, and takes it back when it has not any more; else it tells of silence or of what was refused.
    of_day          boolean     not null,
    code            text        not null,
    severity        smallint    not null,
    from_time       timestamptz not null,
    until_time      timestamptz not null,
    measure         text,
    detail          text        not null,
    records         bigint[]    not null,
    times           integer     not null default 1,
    found_at        timestamptz not null,
    ended_at        timestamptz,
    primary key (device_id, key)
);
create index device_finding_day on device_finding (device_id, day);
create index device_finding_newest on device_finding (found_at, device_id) where ended_at is null;

-- The newest of each device, for lists and live values: of what it signed, once there is any; until then (last_key_number -1) of what was imported. statements and
-- readings count both.
create table device_status (
    device_id       integer     primary key,
    last_key_number smallint    not null,
    last_sequence   bigint      not null,
    last_record_id  bigint      not null,
    first_reading_at timestamptz not null,
    last_reading_at timestamptz not null,
    last_seen_at    timestamptz not null,
    statements      bigint      not null,
    readings        bigint      not null,
    -- The values of the newest reading, by measure.
    latest          jsonb
);

-- Where an organisation is told of findings about its devices.
create table device_hook (
    id              uuid        primary key,
    organisation_id integer     not null references organisation,
    destination     text        not null,
    -- Key of signatures, encrypted under a key derived from the custodial master key.
    secret          text,
    severity        smallint    not null,
    codes           text[],
    created_at      timestamptz not null,
    failures        integer     not null default 0,
    last_error      text,
    stopped_at      timestamptz
);
create index device_hook_organisation on device_hook (organisation_id);

-- A finding that is new is an alarm; one row for each hook that is to hear of it, gone when it was taken.
create table device_alarm (
    id              bigint      generated always as identity primary key,
    device_id       integer     not null,
    organisation_id integer     not null,
    key             text        not null,
    code            text        not null,
    severity        smallint    not null,
    from_time       timestamptz not null,
    until_time      timestamptz not null,
    measure         text,
    detail          text        not null,
    raised_at       timestamptz not null
);
create index device_alarm_organisation on device_alarm (organisation_id, id);
create table device_alarm_delivery (
    alarm_id        bigint      not null references device_alarm,
    hook_id         uuid        not null references device_hook on delete cascade,
    attempts        integer     not null default 0,
    next_at         timestamptz not null,
    primary key (alarm_id, hook_id)
);
create index device_alarm_delivery_due on device_alarm_delivery (next_at);
