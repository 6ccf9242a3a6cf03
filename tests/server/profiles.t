#!/bin/bash
# Every shipped profile is taken by every real daemon: started on trial with the very files that apply would write, and
# held against the profile by handshakes. What cannot be had on this Debian is refused with what it needs.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_configure_with_nginx
host_certificates strong
start_servers
host_nginx_start 8443 || { echo "Bail out! nginx does not start"; exit 1; }

profiles=$(tlsharden profile list --format json | python3 -c 'import json, sys; print(*[p["name"] for p in json.load(sys.stdin)])')
[ "$(wc -w <<<"$profiles")" -ge 20 ] || { echo "Bail out! profiles are missing: $profiles"; exit 1; }
for profile in $profiles; do
    key=strong
    case $profile in
    cnsa2)
        run tlsharden rehearse --profile "$profile"
        status_is 5 "$profile: cannot be had here"
        err_has 'needs 3.5' "$profile: says what it needs"
        continue
        ;;
    cnsa1) key=p384 ;;
    esac
    host_certificates "$key"
    run tlsharden rehearse --profile "$profile" --format json
    status_is 0 "$profile: would work"
    check "$profile: on each of the five daemons, every port by handshake" python3 -c \
        'import json, sys
it = json.load(open(sys.argv[1]))
assert sorted((s["service"], s["result"]) for s in it) == [(n, "works") for n in ("apache", "courier", "nginx", "openldap", "postfix")], it
assert sum(s["endpoints"] for s in it) >= 9, it' "$OUT"
done
done_testing
