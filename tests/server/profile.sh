# tests/server/profile.sh   what profile-*.t share: a fresh stock host gets the profile in the file's name, and
# every port accepts that profile's suites, as far as its TLS library has them.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/scenario.sh"
start_scenario

profile=$(basename "$0" .t)
profile=${profile#profile-}

# profile_says EXPRESSION   a Python expression over the effective profile
profile_says()
{
    tlsharden profile show "$profile" --format json |
        python3 -c 'import json, sys; it = json.load(sys.stdin); sys.exit(not eval(sys.argv[1]))' "$1"
}

run tlsharden apply --profile "$profile" --yes
status_is 0 "$profile: applied"
check "$profile: the host is probed" probe "$work/seen.json"
for endpoint in https https-shop smtp submission submissions imap imaps ldap ldaps; do
    if [ "$endpoint" = imaps ] && profile_says 'it.get("imap", {}).get("implicit_tls") == "off"'; then
        fails "$profile: imaps is closed" host_listens 993
        continue
    fi
    check "$profile: $endpoint accepts what the profile has and nothing else" \
        conforms "$work/seen.json" "$profile" rsa --product "$endpoint"
done
run tlsharden diff --profile "$profile"
status_is 0 "$profile: diff has nothing to change any more"
done_testing
