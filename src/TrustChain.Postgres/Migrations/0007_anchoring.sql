-- Anchoring as a state machine: several targets, each anchor with every transaction that was made for it, timestamps, and failures as episodes.

-- What each target is anchored in now. Anchors of another chain or registry under the same name stay, but no longer count as the target's.
create table anchor_target (
    name            text        primary key,
    kind            text        not null constraint anchor_target_kind check (kind in ('evm', 'rfc3161')),
    chain_id        bigint,
    registry        text,
    genesis         text,
    constraint anchor_target_evm check ((kind = 'evm') = (chain_id is not null and registry is not null))
);
insert into anchor_target (name, kind, chain_id, registry) select 'primary', 'evm', chain_id, registry from anchor order by id desc limit 1;

alter table anchor add column target text;
update anchor set target = 'primary';
alter table anchor alter column target set not null;
alter table anchor add column sender text;
alter table anchor add column prepared_block bigint; -- the newest block when it was prepared: its event is not searched before
alter table anchor add column reason text;           -- why it was superseded or reorged
alter table anchor drop constraint anchor_transaction_unique;
alter table anchor alter column transaction drop not null; -- an external signer has not told the hash yet
update anchor set reason = 'its block left the chain, and another anchor was prepared', state = 'superseded' where state = 'reorged'; -- reorged is now followed further

-- All of one anchor have its nonce, so at most one is ever mined. A replaced one stays: it may still be the one.
create table anchor_transaction (
    id              bigint      generated always as identity primary key,
    anchor_id       bigint      not null references anchor (id),
    hash            text        constraint anchor_transaction_hash_unique unique,
    raw             bytea,      -- null: an external signer has it
    gas_limit       bigint      not null,
    max_fee         numeric     not null, -- wei per gas
    priority_fee    numeric     not null,
    prepared_at     timestamptz not null,
    sent_at         timestamptz,
    gas_used        bigint,     -- this and the next two while a block holds it
    gas_price       numeric,
    block_time      timestamptz
);
create index anchor_transaction_anchor on anchor_transaction (anchor_id);
create index anchor_transaction_spent on anchor_transaction (block_time);
-- What earlier ones may cost is in their raw bytes only; those of a block have no price.
insert into anchor_transaction (anchor_id, hash, raw, gas_limit, max_fee, priority_fee, prepared_at, sent_at, gas_used, block_time)
    select id, transaction, raw_transaction, 0, 0, 0, prepared_at, case when state = 'prepared' then null else changed_at end, gas_used, block_time
    from anchor order by id;
alter table anchor drop column raw_transaction;

-- The last fence behind the lock of a target: one nonce is in use once.
create unique index anchor_nonce_in_use on anchor (target, sender, nonce) where state in ('prepared', 'sent');
drop index anchor_open;
drop index anchor_final;
create index anchor_open on anchor (target, id) where state in ('prepared', 'sent', 'mined', 'reorged');
create index anchor_final on anchor (target, size desc) where state = 'final';
create index anchor_newest on anchor (target, id desc);

-- Anchors at timestamp authorities (RFC 3161): no chain, hence no nonce, block or reorganisation.
create table timestamp_anchor (
    id              bigint      generated always as identity primary key,
    target          text        not null,
    size            bigint      not null,
    root            bytea       not null constraint timestamp_anchor_root_length check (octet_length(root) = 32),
    state           text        not null constraint timestamp_anchor_state check (state in ('prepared', 'final', 'superseded')),
    token           bytea,
    token_time      timestamptz,
    prepared_at     timestamptz not null,
    changed_at      timestamptz not null,
    constraint timestamp_anchor_token check ((state = 'final') = (token is not null and token_time is not null))
);
create unique index timestamp_anchor_open on timestamp_anchor (target) where state = 'prepared';
create index timestamp_anchor_final on timestamp_anchor (target, size desc) where state = 'final';
create index timestamp_anchor_newest on timestamp_anchor (target, id desc);

-- One row from when something began to fail until it was well again.
create table anchor_failure (
    id              bigint      generated always as identity primary key,
    target          text        not null,
    code            text        not null,
    detail          text        not null,
    times           bigint      not null default 1,
    began_at        timestamptz not null,
    last_at         timestamptz not null,
    ended_at        timestamptz
);
create unique index anchor_failure_open on anchor_failure (target, code) where ended_at is null;
create index anchor_failure_newest on anchor_failure (target, id desc);
