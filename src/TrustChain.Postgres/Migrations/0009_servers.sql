-- Servers that work on this database. Limits are given for the deployment, so each server must know how many share them.

-- A row is a heartbeat and no history: a server takes its own away when it stops, others take away what a crash left.
create table server (
    id              uuid        primary key, -- of the process, new at each start
    name            text        not null,    -- the machine's, for people
    started_at      timestamptz not null default now(),
    seen_at         timestamptz not null default now()
);
