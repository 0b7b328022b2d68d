-- What the EPCIS query interface needs: facts of each event beside its content (so that erasing the content erases them), staged captures, master data,
-- named queries and their subscriptions.

-- Vocabulary and types as the first 8 bytes of the SHA-256 of their URI, like items. event_type is null where there is no content, and in rows that an
-- earlier version wrote, which the server completes when it starts. parties: the URIs of sources and destinations, and for GS1 keys "digits:" and the digits
-- that their company prefix begins.
alter table event_body
    add column organisation_id integer,
    add column is_public       boolean,
    add column event_time      timestamptz,
    add column record_time     timestamptz,
    add column event_type      bigint,
    add column biz_step        bigint,
    add column disposition     bigint,
    add column parties         text[];
create index event_body_event_time on event_body (event_time, record_id);
create index event_body_record_time on event_body (record_time, record_id);
create index event_body_event_type on event_body (event_type, event_time, record_id);
create index event_body_biz_step on event_body (biz_step, event_time, record_id) where biz_step is not null;
create index event_body_disposition on event_body (disposition, event_time, record_id) where disposition is not null;
create index event_body_incomplete on event_body (record_id) where event is not null and event_type is null;

-- Values of sensor reports in the base unit of their quantity; measure is a key like those of items, of the quantity or, where the unit is unknown, of the unit.
create table record_measure (
    measure         bigint           not null,
    value           double precision not null,
    record_id       bigint           not null,
    primary key (measure, value, record_id)
);
create index record_measure_record on record_measure (record_id, measure);
create trigger record_measure_append_only before update or truncate on record_measure for each statement execute function refuse_change();

-- A capture too large for one statement, or one that goes on past errors. Its body lies in parts until it is done.
create table capture_job (
    id              text        primary key constraint capture_job_id_form check (id ~ '^[0-9a-f]{64}$'),
    organisation_id integer     not null references organisation,
    upload_id       bigint,
    media_type      text        not null,
    behaviour       text        not null constraint capture_job_behaviour check (behaviour in ('rollback', 'proceed')),
    is_running      boolean     not null,
    is_success      boolean     not null,
    events_total    integer,
    events_done     integer     not null,
    errors          jsonb       not null,
    created_at      timestamptz not null,
    finished_at     timestamptz,
    lease_owner     uuid,
    lease_until     timestamptz
);
create index capture_job_organisation on capture_job (organisation_id, created_at desc);
create index capture_job_waiting on capture_job (created_at) where is_running;
create sequence capture_upload_id;
create table capture_job_part (
    upload_id       bigint      not null,
    part            integer     not null,
    bytes           bytea       not null,
    created_at      timestamptz not null,
    primary key (upload_id, part)
);

-- The job a statement is part of; a statement without one is its own capture job.
alter table statement add column job_id text;
create index statement_organisation on statement (organisation_id, received_at desc) where job_id is null;
create index statement_job on statement (job_id) where job_id is not null;

-- Master data: the newest word of an organisation about an element of a vocabulary.
create table master_data (
    organisation_id integer     not null references organisation,
    vocabulary      text        not null,
    id              text        not null,
    attributes      jsonb       not null,
    changed_at      timestamptz not null,
    primary key (organisation_id, vocabulary, id)
);
create table master_data_child (
    organisation_id integer     not null references organisation,
    vocabulary      text        not null,
    parent          text        not null,
    child           text        not null,
    primary key (organisation_id, vocabulary, parent, child)
);

create table named_query (
    organisation_id integer     not null references organisation,
    name            text        not null constraint named_query_name_length check (length(name) between 1 and 200),
    query           text        not null,
    created_at      timestamptz not null,
    primary key (organisation_id, name)
);

-- next_leaf: the log's index of the first entry not looked at yet; delivery goes in the order of the log, so that nothing is missed or told twice.
-- A subscription without a schedule is a stream. A scheduled run covers the entries before run_until_leaf, which is null between runs.
create table subscription (
    id                  uuid        primary key,
    organisation_id     integer     not null references organisation,
    query_name          text        not null,
    destination         text        not null,
    -- Encrypted under a key derived from the custodial master key.
    signature_token     text,
    -- Prefixes of names in the query: the header GS1-Extensions of whoever subscribed.
    extensions          text        not null,
    schedule            jsonb,
    report_if_empty     boolean     not null,
    epc_format          text        not null,
    -- Events recorded before are not told.
    initial_record_time timestamptz not null,
    -- When the query last ran; initial_record_time until it did.
    min_record_time     timestamptz not null,
    -- Most events of one delivery; less once the receiver called one too large.
    max_events          integer     not null constraint subscription_max_events_positive check (max_events > 0),
    next_leaf           bigint      not null,
    next_run_at         timestamptz,
    run_until_leaf      bigint,
    run_reported        boolean     not null,
    failures            integer     not null,
    retry_at            timestamptz,
    last_error          text,
    is_stopped          boolean     not null,
    created_at          timestamptz not null,
    last_notified_at    timestamptz,
    lease_owner         uuid,
    lease_until         timestamptz
);
create index subscription_query on subscription (organisation_id, query_name, created_at, id);

-- What could not be delivered: the entries from one index to before another. Kept until somebody resumes or deletes the subscription.
create table subscription_dead_letter (
    id                  bigint      generated always as identity primary key,
    subscription_id     uuid        not null references subscription on delete cascade,
    from_leaf           bigint      not null,
    to_leaf             bigint      not null,
    error               text        not null,
    created_at          timestamptz not null
);
create index subscription_dead_letter_subscription on subscription_dead_letter (subscription_id, id);

-- Tokens for next pages that were given back before they ran out.
create table revoked_page_token (
    digest          bytea       primary key constraint revoked_page_token_length check (octet_length(digest) = 32),
    expires_at      timestamptz not null
);
create index revoked_page_token_expiry on revoked_page_token (expires_at);
