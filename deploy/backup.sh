#!/bin/sh
# Backs up the database of a TrustChain server. Keys are not in it: they are backed up apart (docs/operations.md).
#   backup.sh dump DIR           a dump: one file, restored into any PostgreSQL of the same or a newer version
#   backup.sh base DIR           a base backup: with the archive of WAL the way back to any moment (needs archive_mode, see docs/operations.md)
#   backup.sh check-archive DIR  fails when the archive is behind: a backup nobody looks at is none
# The connection is that of libpq: PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSFILE. The base backup needs the attribute REPLICATION.
# With TRUSTCHAIN_TEXTFILE_FOLDER, the folder of node_exporter's textfile collector, Prometheus learns when dump and base last succeeded (alarm "backup old").
# Exit codes: 0 done, 1 it failed, 2 wrong usage. Nothing is left at the final name unless it is whole.
set -eu
umask 077
[ $# -eq 2 ] || { sed -n '2,8p' "$0" >&2; exit 2; }
verb=$1
target=$2
now=$(date -u +%Y%m%dT%H%M%SZ)
[ -d "$target" ] || { echo "backup.sh: $target is no folder" >&2; exit 2; }

tell() {
    [ -n "${TRUSTCHAIN_TEXTFILE_FOLDER:-}" ] || return 0
    told=$TRUSTCHAIN_TEXTFILE_FOLDER/trustchain_backup_$1.prom
    printf '# TYPE trustchain_backup_last_success_timestamp_seconds gauge\ntrustchain_backup_last_success_timestamp_seconds{kind="%s"} %s\n' "$1" "$(date -u +%s)" >"$told.part"
    chmod 644 "$told.part"
    mv "$told.part" "$told"
}

case $verb in
dump)
    file=$target/trustchain-$now.dump
    trap 'rm -f "$file.part"' EXIT
    pg_dump --format=custom --no-owner --file="$file.part"
    pg_restore --list "$file.part" | grep -q 'TABLE DATA public log_state' || { echo "backup.sh: the dump holds no log" >&2; exit 1; }
    sync "$file.part"
    mv "$file.part" "$file"
    tell dump
    echo "$file"
    ;;
base)
    folder=$target/base-$now
    trap 'rm -rf "$folder.part"' EXIT
    pg_basebackup --pgdata="$folder.part" --checkpoint=fast --wal-method=stream --manifest-checksums=SHA256 --no-password
    pg_verifybackup --quiet "$folder.part"
    mv "$folder.part" "$folder"
    tell base
    echo "$folder"
    ;;
check-archive)
    # The newest finished segment must have been archived, and no attempt may have failed since the last that worked.
    state=$(psql --no-psqlrc --tuples-only --no-align --command "select case when current_setting('archive_mode') = 'off' then 'archive_mode is off'
        when last_failed_time > coalesce(last_archived_time, '-infinity') then 'archiving fails since ' || last_failed_time || ' at ' || last_failed_wal
        when last_archived_time is null then 'nothing was archived yet'
        when now() - last_archived_time > interval '1 hour' then 'the last segment was archived ' || last_archived_time
        else 'ok' end from pg_stat_archiver")
    [ "$state" = ok ] || { echo "backup.sh: $state" >&2; exit 1; }
    [ -n "$(ls "$target" 2>/dev/null)" ] || { echo "backup.sh: $target is empty" >&2; exit 1; }
    echo ok
    ;;
*)
    sed -n '2,8p' "$0" >&2
    exit 2
    ;;
esac
