-- The log: what waits, what has a leaf index, tiles, signed checkpoints, anchors.

-- Entries other than events: their body stands in the clear. jws is the signed statement, where there is one.
create table public_entry (
    id              bigint      primary key,
    kind            smallint    not null,
    organisation_id integer     not null,
    body            bytea       not null,
    jws             text,
    received_at     timestamptz not null
);

create index public_entry_organisation on public_entry (organisation_id, kind);

create table log_queue (
    id              bigint      generated always as identity primary key,
    record_id       bigint,
    public_entry_id bigint,
    entry           bytea       not null,
    constraint log_queue_subject check (num_nonnulls(record_id, public_entry_id) = 1)
);

create table log_entry (
    leaf_index      bigint      primary key,
    record_id       bigint      constraint log_entry_record_unique unique,
    public_entry_id bigint      constraint log_entry_public_unique unique,
    constraint log_entry_subject check (num_nonnulls(record_id, public_entry_id) = 1)
);

-- The one row whose lock fences sequencers on all servers.
create table log_state (
    only_row        boolean     primary key default true constraint log_state_single check (only_row),
    origin          text        not null,
    size            bigint      not null,
    root            bytea       not null
);

-- A partial tile is replaced as it grows; a full one never changes.
create table log_tile (
    level           smallint    not null,
    tile_index      bigint      not null,
    width           smallint    not null,
    hashes          bytea       not null,
    primary key (level, tile_index)
);
create table log_bundle (
    tile_index      bigint      primary key,
    width           smallint    not null,
    entries         bytea       not null
);

create table checkpoint (
    size            bigint      primary key,
    root            bytea       not null constraint checkpoint_root_length check (octet_length(root) = 32),
    note            text        not null,
    signed_at       timestamptz not null
);

create table anchor (
    id              bigint      generated always as identity primary key,
    chain_id        bigint      not null,
    registry        text        not null,
    size            bigint      not null,
    root            bytea       not null,
    state           text        not null constraint anchor_state check (state in ('prepared', 'sent', 'mined', 'final', 'reorged', 'superseded')),
    nonce           bigint      not null,
    raw_transaction bytea       not null,
    transaction     text        not null,
    block           bigint,
    block_hash      text,
    block_time      timestamptz,
    gas_used        bigint,
    prepared_at     timestamptz not null,
    changed_at      timestamptz not null,
    constraint anchor_transaction_unique unique (transaction)
);
create index anchor_open on anchor (id) where state in ('prepared', 'sent', 'mined');
create index anchor_final on anchor (size desc) where state = 'final';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger statement_append_only before update or delete or truncate on statement for each statement execute function refuse_change();
create trigger record_append_only before update or delete or truncate on record for each statement execute function refuse_change();
create trigger record_item_append_only before update or delete or truncate on record_item for each statement execute function refuse_change();
create trigger event_id_claim_append_only before update or delete or truncate on event_id_claim for each statement execute function refuse_change();
create trigger public_entry_append_only before update or delete or truncate on public_entry for each statement execute function refuse_change();
create trigger log_entry_append_only before update or delete or truncate on log_entry for each statement execute function refuse_change();
create trigger checkpoint_append_only before update or delete or truncate on checkpoint for each statement execute function refuse_change();
revoke update, delete, truncate on statement, record, record_item, event_id_claim, public_entry, log_entry, checkpoint from public;
