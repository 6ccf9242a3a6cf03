#!/bin/bash
# `explain` and `diff --explain`: every setting with its reason and reference, on any version, in text and JSON.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run tlsharden explain
status_is 0 "explain"
for service in apache courier openldap postfix; do
    out_has "^$service \\(" "speaks of $service"
done
is "$(grep -c 'no reason is given' "$OUT")" 0 "and nothing is without a reason"
run tlsharden explain postfix
out_has '^  smtpd_tls_protocols = >=TLSv1.2, <=TLSv1.3$' "the line is shown as it is written"
out_has '^  without smtpd_enforce_tls$' "and what is taken away"
is "$(grep -cE '^(apache|courier|openldap) \(' "$OUT")" 0 "and no other service"
is "$(grep -vE '^ *[^ ]{60,}$' "$OUT" | awk 'length > 80' | head -n 1)" '' "no line is wider than 80 columns"
run tlsharden explain postfix --for postfix=3.4.0
out_has '^  smtpd_tls_protocols = !SSLv2, !SSLv3, !TLSv1, !TLSv1.1$' "--for: of that version"
run tlsharden explain apache sslsessiontickets --profile modern
status_is 0 "one directive, in any case"
out_has '^  SSLSessionTickets off$' "is explained"
out_has "A ticket's key lives" "with its reason"
out_has 'RFC 9325 3.4' "and its reference"
is "$(grep -c '^  [^ ]' "$OUT")" 4 "with a policy of its own, and the places where it would be said again, nothing else"

run tlsharden explain openldap olcTLSCipherSuite --format json
status_is 0 "explain --format json"
check "is the setting with line, reason, reference and place" json "$OUT" \
    'len(it) == 1 and it[0]["line"].endswith("%NO_TICKETS") and it[0]["why"] and it[0]["reference"] == "slapd-config(5)"
     and it[0]["template"] == "config.ldif" and not it[0]["removed"]'
run tlsharden explain --format json
check "of everything" json "$OUT" 'len(it) > 100 and all(r["why"] and r["reference"] for r in it)'

run tlsharden explain postfi
status_is 3 "an unknown service"
err_has "did you mean 'postfix'" "is told, with the nearest"
run tlsharden explain postfix smtpd_tls_protocol
status_is 3 "an unknown directive"
err_has "did you mean 'smtpd_tls_protocols'" "likewise"
run tlsharden explain postfix zzzzzz
status_is 3 "one that is like no other"
err_has 'see tlsharden explain postfix' "leads to the list"
run tlsharden explain a b c
status_is 2 "too many words are a usage error"

sample_root
run on_root diff
cp "$OUT" "$work/plain"
status_is 1 "diff"
run on_root diff --explain
status_is 1 "diff --explain"
out_has '^# why:$' "gives reasons"
out_has '^#   smtpd_tls_auth_only: Passwords only inside TLS' "of what is written"
out_has '^#   olcTLSCipherSuite: ' "in the directory too"
grep -vxFf "$work/plain" "$OUT" | grep -v '^#  ' | sort -u >"$work/more"
is "$(cat "$work/more")" '# why:' "as comments, and nothing else is added"
run on_root diff --explain --format json
check "diff --explain --format json: every changed file says why" json "$OUT" \
    'all(f["why"] for f in it["files"] if f["kind"] == "file") and all(e["why"] for e in it["entries"])
     and all(w["directive"] and w["why"] for f in it["files"] for w in f["why"])'
run on_root diff --format json
check "and without it, none does" json "$OUT" 'all("why" not in f for f in it["files"])'
done_testing
