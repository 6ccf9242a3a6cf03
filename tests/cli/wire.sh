# tests/cli/wire.sh   sourced after lib.sh by tests of scan and verify: servers on loopback, gone with the test.
#
#     serve NAME COMMAND...    starts a server; @PORT@ in its arguments is a free port, which is then in $port
#     s_server ARGUMENT...     openssl s_server as the profile "strict" wants it; arguments that follow win
#     dropping K [MODE]        dropper.py to $port; its port is then in $port
#     rules FILE [VERDICT]     the rules of that verdict (violation) in a JSON report, sorted, on one line
# shellcheck shell=bash
# shellcheck disable=SC2154 # top and work are lib.sh's
# shellcheck source-path=SCRIPTDIR

pki=$top/build/pki
wire_pids=()
trap 'kill "${wire_pids[@]}" 2>/dev/null; rm -rf "$TAP_DIR"' EXIT
port=

if ! "$top/tests/server/pki" "$pki"; then
    echo "Bail out! there are no test certificates"
    exit 1
fi

free_port()
{
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# Listening, without a connection that a server would count.
is_listening()
{
    local hex
    hex=$(printf '%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v p=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { f = 1 } END { exit !f }'
}

serve()
{
    local name=$1 i
    shift
    port=$(free_port)
    "${@//@PORT@/$port}" >"$work/$name.log" 2>&1 </dev/null &
    wire_pids+=($!)
    for ((i = 0; i < 200; i++)); do
        is_listening "$port" && return
        sleep 0.05
    done
    echo "Bail out! $name does not listen: $(tail -n 3 "$work/$name.log")"
    exit 1
}

suites12=ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384
suites12+=:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
suites13=TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
sigalgs=ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512
sigalgs+=:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512

# The options that a case changes are left out of the ones that all have: s_server takes the first of some.
s_server()
{
    local args=(-cert "$pki/rsa.pem" -key "$pki/rsa.key" -cert_chain "$pki/intermediate.pem") i
    local -A given=()
    for i in "$@"; do
        given[$i]=1
    done
    [ -z "${given[-cert]:-}" ] || args=()
    [ -n "${given[-cipher]:-}" ] || args+=(-cipher "$suites12")
    [ -n "${given[-groups]:-}" ] || args+=(-groups X25519:P-256:P-384)
    [ -n "${given[-sigalgs]:-}" ] || args+=(-sigalgs "$sigalgs")
    [ -n "${given[-min_protocol]:-}" ] || args+=(-min_protocol TLSv1.2)
    [ -n "${given[-tickets]:-}" ] || args+=(-no_ticket)
    for i in "$@"; do
        [ "$i" = -tickets ] || args+=("$i")
    done
    serve s_server openssl s_server -accept 127.0.0.1:@PORT@ -quiet -serverpref -ciphersuites "$suites13" "${args[@]}"
}

dropping()
{
    serve dropper python3 "$top/tests/cli/dropper.py" @PORT@ "$port" "$@"
}

rules()
{
    python3 -c 'import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    found = json.load(file)["findings"]
wanted = sys.argv[2] if len(sys.argv) > 2 else "violation"
print(" ".join(sorted({f["rule"] for f in found if f["verdict"] == wanted})))' "$@"
}
