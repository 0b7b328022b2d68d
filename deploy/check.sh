#!/bin/sh
# Checks the files in this folder with the programs that read them, as far as these are on this machine, and says which are not.
# Exit codes: 0 nothing wrong was found, 1 something is wrong. NGINX_PROGRAM names an nginx that is not on PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

say() { printf '%-8s %s\n' "$1" "$2"; }

# Units: unknown or misspelt settings are errors here. The program that one starts stands in as a file that can be executed, and every unit is there, so that a timer finds what it starts.
if command -v systemd-analyze >/dev/null 2>&1; then
    mkdir -p "$work/unit"
    printf '#!/bin/sh\n' >"$work/unit/program"
    chmod 755 "$work/unit/program"
    for unit in "$here"/*.service "$here"/*.timer; do
        sed "s#^ExecStart=[^ ]*#ExecStart=$work/unit/program#; s#^Documentation=.*##; s#^User=.*#User=root#; s#^Group=.*#Group=root#" "$unit" >"$work/unit/${unit##*/}"
    done
    for unit in trustchain.service trustchain-gateway.service trustchain-backup@base.service trustchain-backup@dump.service trustchain-backup-base.timer trustchain-backup-dump.timer trustchain-archive-check.service trustchain-archive-check.timer; do
        if SYSTEMD_UNIT_PATH="$work/unit:" systemd-analyze verify --man=no "$work/unit/$unit" >"$work/unit.out" 2>&1 && ! grep -q "trustchain" "$work/unit.out"; then
            say ok "$unit: systemd-analyze verify"
        else
            say fault "$unit:"; cat "$work/unit.out"; failed=1
        fi
    done
    for timer in "$here"/*.timer; do
        calendar=$(sed -n 's/^OnCalendar=//p' "$timer")
        if [ -n "$calendar" ] && ! systemd-analyze calendar "$calendar" >"$work/unit.out" 2>&1; then
            say fault "${timer##*/}:"; cat "$work/unit.out"; failed=1
        fi
        started=$(sed -n 's/^Unit=//p' "$timer")
        case ${started:-$(basename "$timer" .timer).service} in
        trustchain-backup@base.service | trustchain-backup@dump.service | trustchain-archive-check.service) ;;
        *) say fault "${timer##*/} starts $started, which is no unit here"; failed=1 ;;
        esac
    done
else
    say absent "systemd-analyze: units and timers were not checked"
fi

# nginx.conf: with a certificate made here, sockets and folders of its own.
nginx=${NGINX_PROGRAM:-$(command -v nginx || true)}
if [ -n "$nginx" ] && command -v openssl >/dev/null 2>&1; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=trace.example.org -keyout "$work/privkey.pem" -out "$work/fullchain.pem" >/dev/null 2>&1
    mkdir -p "$work/cache" "$work/logs"
    sed "s#/etc/nginx/tls/#$work/#; s#/var/log/nginx/#$work/logs/#; s#/run/nginx-trustchain.pid#$work/nginx.pid#; s#/var/cache/nginx/trustchain#$work/cache#; s#listen 80;#listen unix:$work/plain.sock;#; s#listen 443 #listen unix:$work/tls.sock #; /listen \[::\]/d" \
        "$here/nginx.conf" >"$work/nginx.conf"
    for folder in client_body proxy fastcgi uwsgi scgi; do
        directive="${folder}_temp_path"
        sed -i "s#^http {#http {\n    $directive $work/$folder;#" "$work/nginx.conf"
    done
    if "$nginx" -t -q -e "$work/logs/start.log" -p "$work" -c "$work/nginx.conf" >"$work/nginx.out" 2>&1; then
        say ok "nginx.conf: $("$nginx" -v 2>&1)"
        # With no server behind it every request is an error, and none may leave a token in a log.
        if command -v curl >/dev/null 2>&1; then
            sed -i 's#server 127.0.0.1:8080 #server 127.0.0.1:9 #; s#^pid .*#&\ndaemon off;#' "$work/nginx.conf"
            "$nginx" -e "$work/logs/start.log" -p "$work" -c "$work/nginx.conf" &
            running=$!
            trap 'kill "$running" 2>/dev/null; rm -rf "$work"' EXIT
            status=
            for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
                status=$(curl -sk --unix-socket "$work/tls.sock" -o /dev/null -w '%{http_code}' "https://trace.example.org/account/join?token=tci_secret-$attempt" || true)
                [ "$status" = 000 ] || break
                sleep 1
            done
            curl -sk --unix-socket "$work/tls.sock" -o /dev/null "https://trace.example.org/account/sign-in?returnUrl=%2Faccount%2Fjoin%3Ftoken%3Dtci_secret" || true
            curl -sk --unix-socket "$work/tls.sock" -o /dev/null "https://trace.example.org/status" || true
            kill "$running"
            wait "$running" || true
            trap 'rm -rf "$work"' EXIT
            if [ "$status" != 502 ]; then
                say fault "nginx.conf: answered $status where 502 was expected"; failed=1
            elif ! grep -q '/status' "$work"/logs/*error.log || ! grep -q '/account/join' "$work"/logs/*access.log; then
                say fault "nginx.conf: the logs are not written"; failed=1
            elif grep -r tci_secret "$work/logs" >"$work/leaks"; then
                say fault "nginx.conf: a token is in a log:"; cat "$work/leaks"; failed=1
            else
                say ok "nginx.conf: no token in a log"
            fi
        else
            say absent "curl: the logs of nginx were not checked"
        fi
    else
        say fault "nginx.conf:"; cat "$work/nginx.out"; failed=1
    fi
else
    say absent "nginx or openssl: nginx.conf was not checked"
fi

# Containerfile: syntax and known mistakes; the version is pinned by lint/package-lock.json. Building needs an engine and is not done here.
if command -v npm >/dev/null 2>&1; then
    cp "$here/lint/package.json" "$here/lint/package-lock.json" "$work/"
    if (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund) >"$work/npm.out" 2>&1; then
        if (cd "$work" && ./node_modules/.bin/dockerfile-utils lint "$here/Containerfile") >"$work/container.out" 2>&1 && [ ! -s "$work/container.out" ]; then
            say ok "Containerfile: dockerfile-utils"
        else
            say fault "Containerfile:"; cat "$work/container.out"; failed=1
        fi
    else
        say absent "dockerfile-utils could not be installed: Containerfile was not checked"
    fi
else
    say absent "npm: Containerfile was not checked"
fi

# trustchain.json: JSON; that every setting exists and has the right type is what "doctor" and the tests check.
if command -v node >/dev/null 2>&1; then
    if node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))' "$here/trustchain.json"; then say ok "trustchain.json"; else failed=1; fi
fi
exit $failed
