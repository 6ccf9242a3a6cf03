#!/bin/bash
# Ansible over ssh: three hosts with the real servers, each in a network of its own, and two hundred that share them.
# shellcheck source-path=SCRIPTDIR
# shellcheck source=fleet.sh
. "$(dirname "$0")/fleet.sh"
cd "$top" || exit
unset MAKEFLAGS MFLAGS MAKELEVEL
deb=$(echo "$top"/build/tlsharden_*.deb)
[ -e "$deb" ] || { echo "Bail out! there is no build/tlsharden_*.deb; 'make deb' builds it"; exit 1; }
export ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0 ANSIBLE_FORKS=10 HOME=$work/home LC_ALL=C.UTF-8
export ANSIBLE_COLLECTIONS_PATH=$work/collections ANSIBLE_LOCAL_TEMP=$work/local ANSIBLE_SSH_CONTROL_PATH_DIR=$work/ctl
rollout=$ANSIBLE_COLLECTIONS_PATH/ansible_collections/tlsharden/servers/playbooks/rollout.yml
mkdir -p "$HOME"
check "make ansible" make -s ansible
check "the collection is installed" ansible-galaxy collection install -p "$ANSIBLE_COLLECTIONS_PATH" \
    build/ansible/tlsharden-servers-*.tar.gz

# inventory   its head; hosts follow
inventory()
{
    echo 'all:'
    echo '  vars:'
    echo "    ansible_user: $fleet_user"
    echo "    ansible_ssh_common_args: $(fleet_ssh_options)"
    echo '    ansible_python_interpreter: /usr/bin/python3'
    echo "    tlsharden_package: $deb"
    echo '  hosts:'
}

# play ARGUMENT...   the rollout, as shipped
play()
{
    run timeout 300 ansible-playbook -i "$work/hosts.yml" "$rollout" "$@"
}

# told HOST WORD N   the recap says so of a host: changed 0, failed 1
told()
{
    grep -qE "^$1 .* $2=$3 " "$OUT"
}

# state K FILE   everything beneath /etc of host K and its cn=config
state()
{
    on "$1" "TESTHOST_INSIDE=1; . /src/tests/server/scenario.sh; snapshot /dev/stdout" >"$2"
}

# untouched K...   these hosts are as they were
untouched()
{
    local host
    for host; do
        state "$host" "$work/now"
        same "$work/now" "$work/before$host" "host $host is as it was"
    done
}

states()
{
    on "$1" 'tlsharden --format json history' | python3 -c 'import json, sys
print(*[one["state"] for one in json.load(sys.stdin)])'
}

{
    inventory
    for host in 1 2 3; do
        echo "    host$host: { ansible_host: 10.77.$host.2 }"
    done
} >"$work/hosts.yml"
fleet_start 3
for host in 1 2 3; do
    state "$host" "$work/before$host"
done

# --- a host that has never seen it ---------------------------------------------------------------

play --check --diff --limit host1
status_is 0 "check mode on a host without the package"
err_has 'is not installed here: what it would' "says what it cannot tell yet"
untouched 1
on 1 'rm -f /usr/bin/tlsharden'
run timeout 60 ansible -i "$work/hosts.yml" host1 -b -m tlsharden.servers.tlsharden -a command=verify
check "verify there fails" test "$STATUS" -ne 0
out_has 'the package tlsharden is not installed here' "and says why"

# --- what would change, and the change -----------------------------------------------------------

for host in 1 2; do
    on "$host" "dpkg -i /src/build/${deb##*/}" >"$work/log" 2>&1
    state "$host" "$work/before$host"
done
play --check --diff --limit host1,host2 -e tlsharden_install=false
status_is 0 "check mode and diff mode"
out_has '^\+IMAP_TLS_REQUIRED=1' "show the patch of a file"
out_has '^(add|replace): olcTLSCipherSuite' "and LDIF"
for host in 1 2; do
    check "host $host would change" told "host$host" changed 1
done
untouched 1 2

# --- a batch with a host that cannot be hardened ---------------------------------------------------

on 2 'cp -p /etc/ssl/host/privkey.pem /root; cp /pki/other.key /etc/ssl/host/privkey.pem'
state 2 "$work/before2"
play -e tlsharden_batch=2
check "a key that does not belong to its certificate: the rollout ends" test "$STATUS" -ne 0
out_has 'fatal: \[host2\].*privkey.pem' "with the file's name"
out_has 'fatal: \[host1\].*taken back, since another host of the batch failed' "host1 is taken back"
is "$(states 1)" 'rolled-back' "since it had been changed"
check "the next batch has not begun" test -z "$(grep host3 "$OUT")"
untouched 1 2 3
on 2 'cp -p /root/privkey.pem /etc/ssl/host/privkey.pem'

# --- and with one that does not verify -----------------------------------------------------------

on 2 'update-ca-certificates' >"$work/log" 2>&1 # which knows nothing of the certificates' issuer
state 2 "$work/before2"
play -e tlsharden_batch=2
check "certificates that nobody trusts: the rollout ends" test "$STATUS" -ne 0
out_has 'fatal: \[host2\].*Verify the running servers: violation' "at the health gate"
out_has 'fatal: \[host1\].*taken back' "host1 is taken back"
is "$(states 2)" 'rolled-back' "and so is host2"
check "the next batch has not begun" test -z "$(grep host3 "$OUT")"
untouched 1 2 3
on 2 'cat /pki/ca.pem >>/etc/ssl/certs/ca-certificates.crt'

# --- all of them -----------------------------------------------------------------------------------

play -e tlsharden_batch=2
status_is 0 "nothing broken: every host is hardened and verified"
is "$(grep -c '^PLAY \[' "$OUT")" 2 "in two batches"
check "where the package was missing, it is installed" on 3 'dpkg --verify tlsharden && tlsharden --version'
for host in 1 2 3; do
    is "$(states "$host" | grep -o '[^ ]*$')" committed "host $host is changed"
done
play
status_is 0 "once more"
for host in 1 2 3; do
    check "nothing changes on host $host" told "host$host" changed 0
done

# --- from outside, in one report ---------------------------------------------------------------------

for host in 1 2 3; do
    for port in 25 143 389 443 587 636 993; do
        echo "10.77.$host.2:$port"
    done
done >"$work/targets"
verify()
{
    run timeout 120 build/tlsharden verify --name www.example.test --ca build/pki/ca.pem --targets "$work/targets" "$@"
}
verify --format json
status_is 0 "the fleet as others see it: conforms"
is "$(python3 -c 'import json, sys
for line in sys.stdin:
    print(json.loads(line))' <"$OUT" | wc -l)" 21 "with a line for every port of every host"
on 2 'cp -a /etc/apache2 /root; sed -i -E "s/^(\s*SSLProtocol) .*/\1 all/; s/^(\s*SSLCipherSuite) E.*/\1 ALL:@SECLEVEL=0/" \
    /etc/apache2/conf-available/tlsharden.conf /etc/apache2/sites-available/*; apache2ctl graceful'
verify --format junit
status_is 1 "one of them has drifted"
is "$(python3 -c 'import sys, xml.etree.ElementTree as tree
print(*{one.get("name").split()[1] for one in tree.parse(sys.argv[1]).getroot()
        if int(one.get("failures"))})' "$OUT")" '(10.77.2.2):443' "and the report says which"
cp "$work/hosts.yml" "$work/more.yml"
echo '    gone: { ansible_host: 10.77.99.2, ansible_ssh_timeout: 2 }' >>"$work/more.yml"
run timeout 120 ansible-playbook -i "$work/more.yml" "$(dirname "$rollout")/report.yml" -e tlsharden_report="$work/report.json"
status_is 0 "a report of the inventory"
is "$(python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
print(report["profile"], *("%s=%s" % (name, one["verdict"]) for name, one in sorted(report["hosts"].items())))' "$work/report.json")" \
    'strict gone=unreachable host1=conforms host2=violation host3=conforms' "has every host, and what cannot be reached"
is "$(python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))["hosts"]["host2"]["findings"]
print(*{":443 " in one["subject"] for one in found if one["verdict"] == "violation"})' "$work/report.json")" True \
    "and what was found where"
on 2 'rm -rf /etc/apache2; cp -a /root/apache2 /etc; apache2ctl graceful'

# --- a host that is lost ----------------------------------------------------------------------------

for host in 1 2 3; do
    on "$host" 'tlsharden rollback' >"$work/log" 2>&1
done
on 1 "sed -i '2i sleep 1' /etc/init.d/courier-imap-ssl" # so that host2 is the first to be ready
for host in 1 3; do
    state "$host" "$work/before$host"
done
# shellcheck disable=SC2016 # evaluated there
on 2 'setsid bash -c '\''until tlsharden history | grep -q " committed "; do sleep 0.05; done
    while [ -n "$(ls -A /home/*/.ansible/tmp)" ]; do sleep 0.01; done; pkill -x sshd'\'' >/dev/null 2>&1 </dev/null &'
play -e tlsharden_batch=2
check "one that cannot be reached after its change: the rollout ends" test "$STATUS" -ne 0
out_has '^fatal: \[host2\]: UNREACHABLE' "it is named"
out_has '^fatal: \[host1\].*taken back, since another host of the batch failed' "the other one is taken back"
check "the next batch has not begun" test -z "$(grep host3 "$OUT")"
untouched 1 3
play -e tlsharden_batch=2
check "one that cannot be reached before: the rollout ends" test "$STATUS" -ne 0
out_has '^fatal: \[host1\].*not begun, since of its batch could not be prepared: host2' "and nothing has begun"
is "$(states 1 | wc -w)" 4 "not on host1"
untouched 1 3

# --- two hundred ------------------------------------------------------------------------------------
# Each has an address, an ssh connection and a root of its own; two machines carry them.

hosts=200
mkdir "$work/sample"
"$top/tests/sample/make" "$work/sample/root"
{
    inventory
    for number in $(seq "$hosts"); do
        echo "    n$number: { ansible_host: 10.77.$((number % 2 * 2 + 1)).$((number / 2 + 3)), tlsharden_root: /srv/$number }"
    done
} >"$work/hosts.yml"
for host in 1 3; do
    tar -C "$work/sample" -c root | on "$host" "cd /srv && tar x &&
        for n in \$(seq $((2 - host / 2)) 2 $hosts); do cp -a root \$n; done"
done

# many NAME ARGUMENT...   the rollout over all of them, and how long it takes
many()
{
    local name=$1 begun=${EPOCHREALTIME/./}
    shift
    play -e tlsharden_install=false "$@"
    status_is 0 "$hosts hosts: $name"
    echo "#= $name, $hosts hosts: $(((${EPOCHREALTIME/./} - begun) / hosts / 1000)) ms per host"
}

many "rollout" -e tlsharden_batch=50%
is "$(grep -c '^n.* changed=1 .* failed=0 ' "$OUT")" "$hosts" "each has changed"
is "$(for host in 1 3; do
    # shellcheck disable=SC2016 # evaluated there
    on "$host" 'for root in /srv/*/; do tlsharden --root "$root" diff >/dev/null 2>&1 && echo same; done'
done | wc -l)" "$hosts" "to what the program says by itself"
done_testing
