#!/bin/sh
# Restores the database of a TrustChain server, into a place that is empty. Stop every trustchain-server first.
#   restore.sh dump FILE                     a dump, into the empty database of libpq's environment (PGHOST, PGDATABASE, …)
#   restore.sh base BASE ARCHIVE DATA [TIME] a base backup and the archive of WAL, into the new data folder DATA: up to TIME ('2026-11-26 12:00:00+00'), or up to
#                                            the last transaction that was archived. Run it as the user PostgreSQL runs as, then start PostgreSQL on DATA.
# Afterwards run "trustchain-server doctor": it says whether the database is behind its own anchors, which a server must not be started on.
# Exit codes: 0 done, 1 it failed, 2 wrong usage.
set -eu
umask 077
usage() { sed -n '2,7p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage

case $1 in
dump)
    [ $# -eq 2 ] || usage
    tables=$(psql --no-psqlrc --tuples-only --no-align --command "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')")
    [ "$tables" -eq 0 ] || { echo "restore.sh: the database is not empty; nothing was changed" >&2; exit 1; }
    pg_restore --no-owner --exit-on-error --single-transaction --dbname="${PGDATABASE:?name the database}" "$2"
    ;;
base)
    [ $# -ge 4 ] && [ $# -le 5 ] || usage
    base=$2 archive=$3 data=$4
    [ -d "$base" ] && [ -d "$archive" ] || { echo "restore.sh: $base and $archive must be folders" >&2; exit 2; }
    [ ! -e "$data" ] || { echo "restore.sh: $data is there already; nothing was changed" >&2; exit 1; }
    pg_verifybackup --quiet "$base"
    cp -a "$base" "$data"
    chmod 700 "$data"
    {
        echo "restore_command = 'cp \"$archive/%f\" \"%p\"'"
        # When the moment is reached, the database takes writes again.
        echo "recovery_target_action = 'promote'"
        if [ $# -eq 5 ]; then
            echo "recovery_target_time = '$5'"
        fi
    } >>"$data/postgresql.auto.conf"
    touch "$data/recovery.signal"
    ;;
*)
    usage
    ;;
esac
