-- Digest of a statement's twin: the same bytes with the other valid ECDSA signature, (r, n - s), which anybody can make of one. Only one of the two is recorded, and the device may have
-- signed the other, which its next statement then names. Null where there is none, of imports, and of statements from before this column: there a twin is no statement.
alter table telemetry add column twin bytea constraint telemetry_twin_length check (octet_length(twin) = 32);
