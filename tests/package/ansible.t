#!/bin/bash
# Ansible: the program as its module, on sample hosts: check mode, diff mode, idempotence, a batch that is taken back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../cli/lib.sh"
cd "$top" || exit
unset MAKEFLAGS MFLAGS MAKELEVEL
export ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0 HOME=$work/home
export ANSIBLE_COLLECTIONS_PATH=$work/collections ANSIBLE_LOCAL_TEMP=$work/local ANSIBLE_REMOTE_TEMP=$work/remote
mkdir -p "$HOME" "$work/hosts"

check "make ansible" make -s ansible BUILD="$top/build"
check "the collection is installed" ansible-galaxy collection install -p "$ANSIBLE_COLLECTIONS_PATH" \
    build/ansible/tlsharden-servers-*.tar.gz
run ansible-doc -t module tlsharden.servers.tlsharden
status_is 0 "ansible-doc"
known=$(sed -nE 's/^    \{"([a-z_]+)", (NULL|"--[a-z-]+"), .*/\1/p' src/cli/ansible_module.c | sort)
is "$(ansible-doc -j -t module tlsharden.servers.tlsharden |
    python3 -c 'import json, sys
print(*sorted(json.load(sys.stdin)["tlsharden.servers.tlsharden"]["doc"]["options"]), sep="\n")')" "$known" \
    "documents every parameter that the module takes"
is "$(sed -n 's/^version: //p' packaging/ansible/galaxy.yml)" "$(sed -n 's/^VERSION *:= *//p' Makefile)" \
    "the collection has the program's version"

cp -r packaging/ansible "$work/source"
cd "$work/source" || exit
run timeout 300 ansible-lint --offline --nocolor
cd "$top" || exit
status_is 0 "ansible-lint"
err_has 'on 1[0-9] files' "has looked at all of it"

# host NAME   a sample host of that name
host()
{
    sample_root
    rm -rf "$work/hosts/$1"
    mv "$root" "$work/hosts/$1"
}

# files NAME   all of it but tlsharden's own records
files()
{
    (
        cd "$work/hosts/$1" || exit
        find . -path ./var/lib/tlsharden -prune -o -path ./etc/tlsharden -prune -o -type f -print0 |
            sort -z | xargs -0 sha256sum
        find . -path ./var/lib/tlsharden -prune -o -type l -printf '%p -> %l\n' | sort
    )
}

{
    echo 'all:'
    echo '  vars:'
    echo '    ansible_connection: local'
    echo "    ansible_python_interpreter: $(command -v python3)"
    echo '    ansible_become: false'
    echo '    tlsharden_install: false'
    echo "    tlsharden_root: $work/hosts/{{ inventory_hostname }}"
    echo '  hosts:'
    for name in a b c d; do
        host "$name"
        echo "    $name: {}"
    done
} >"$work/hosts.yml"

# play ARGUMENT...   the rollout, as shipped
play()
{
    run timeout 300 env TLSHARDEN_DATADIR="$top" ansible-playbook -i "$work/hosts.yml" \
        "$ANSIBLE_COLLECTIONS_PATH/ansible_collections/tlsharden/servers/playbooks/rollout.yml" "$@"
}

# changed HOST N   the run has changed that many things there
changed()
{
    grep -q "^$1 .* changed=$2 " "$OUT"
}

for name in a b c d; do
    files "$name" >"$work/$name.before"
done
play --check --diff --limit a
status_is 0 "check mode"
out_has '^\+IMAP_TLS_REQUIRED=1' "diff mode shows the patch of a file"
out_has '^\+olcTLSCipherSuite: |^(add|replace): olcTLSCipherSuite' "and LDIF"
check "something would change" changed a 1
files a >"$work/now"
same "$work/now" "$work/a.before" "but nothing has"

play --limit a,b
status_is 0 "applied to two hosts"
check "one of them has changed" changed a 1
check "and the other" changed b 1
run tlsharden --root "$work/hosts/a" diff
status_is 0 "as the program itself would have done it"
play --limit a,b
status_is 0 "once more"
check "nothing changes" changed a 0
check "on both" changed b 0

# One of a batch cannot be hardened: the other one is taken back, and the batch behind it is never begun.
for name in a b; do
    host "$name"
    files "$name" >"$work/$name.before"
done
rm "$work/hosts/b/etc/ssl/host/privkey.pem"
files b >"$work/b.before"
play -e tlsharden_batch=2
check "a batch of which one fails: fails" test "$STATUS" -ne 0
out_has 'fatal: \[b\]' "the one is named"
out_has 'privkey.pem' "with its problem"
out_has 'taken back, since another host' "the other is told why"
for name in a b c d; do
    files "$name" >"$work/now"
    same "$work/now" "$work/$name.before" "$name is as it was"
done
is "$(find "$work"/hosts/*/var/lib/tlsharden/gen -mindepth 1 -maxdepth 1 -name '[0-9]*' 2>/dev/null | wc -l)" 1 \
    "of the four, one was ever touched"

cat >"$work/own.json" <<'END'
{ "tlsharden_profile": { "name": "ours", "extends": "intermediate" },
  "tlsharden_site": { "hostnames": ["www.example.test"] }, "tlsharden_services": ["postfix", "courier"] }
END
play --check --limit a -e "@$work/own.json"
status_is 0 "a profile and a site of the inventory's own, in check mode"
check "not even they are written" test ! -e "$work/hosts/a/etc/tlsharden"
play --limit a -e "@$work/own.json"
status_is 0 "and for real"
check "only these services" json <(tlsharden --root "$work/hosts/a" --format json history) \
    'it[-1]["services"] == ["courier", "postfix"] and it[-1]["profile"] == "ours"'
play --limit a -e "@$work/own.json"
check "nothing changes the second time" changed a 0

# module JSON   the module by itself, as Ansible starts it
module()
{
    printf '%s' "$1" >"$work/task.json"
    run tlsharden "$work/task.json"
}

module '{ "_ansible_check_mode": false, "profil": "strict" }'
check "a misspelt parameter" json "$OUT" 'it["failed"] and "did you mean '\''profile'\''?" in it["msg"]'
module '{ "_ansible_check_mode": false, "command": "rollback", "profile": "strict" }'
check "a parameter of another command" json "$OUT" 'it["failed"] and "means nothing" in it["msg"]'
module '{ "_ansible_check_mode": false, "command": "frobnicate" }'
check "an unknown command" json "$OUT" 'it["failed"] and "frobnicate" in it["msg"]'
module '{ "_ansible_check_mode": false, "services": { "a": 1 } }'
check "a value of another kind" json "$OUT" 'it["failed"] and "must be a list" in it["msg"]'
module "{ \"_ansible_check_mode\": false, \"profile\": { \"name\": \"x\", \"tls\": { \"groups\": [\"nosuch\"] } }, \"root\": \"$work/hosts/b\" }"
check "a profile that is wrong" json "$OUT" 'it["failed"] and it["rc"] == 3 and "nosuch" in it["msg"]'
is "$(find /tmp -maxdepth 1 -name 'tlsharden-??????' -newer "$work/task.json")" '' "no document is left in /tmp"
module "{ \"_ansible_check_mode\": true, \"command\": \"rollback\", \"root\": \"$work/hosts/a\" }"
check "rollback in check mode: there is something to take back" json "$OUT" 'it["changed"] and not it.get("failed")'
module "{ \"_ansible_check_mode\": true, \"command\": \"rollback\", \"root\": \"$work/hosts/c\" }"
check "or there is not" json "$OUT" 'not it["changed"] and not it.get("failed")'
module '{ "_ansible_check_mode": false, "command": "verify", "targets": ["127.0.0.1:1"] }'
check "verify where nobody answers: no pass" json "$OUT" 'it["failed"] and it["verdict"] == "inconclusive"'
run tlsharden "$work/own.json"
status_is 2 "a file that is no task is no command either"
done_testing
