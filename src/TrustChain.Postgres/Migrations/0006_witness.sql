-- Cosignatures of witnesses under signed checkpoints (C2SP tlog-cosignature).

-- size is that of a checkpoint; a foreign key would only change how the append-only table checkpoint refuses to be emptied.
create table cosignature (
    size            bigint      not null,
    witness         text        not null, -- the witness's verifier key: a name alone may get another key
    line            text        not null, -- the signature line with its newline
    cosigned_at     timestamptz not null, -- as the witness says
    primary key (size, witness)
);
-- How far a witness has come.
create index cosignature_witness on cosignature (witness, size desc);

create trigger cosignature_append_only before update or delete or truncate on cosignature for each statement execute function refuse_change();
revoke update, delete, truncate on cosignature from public;
