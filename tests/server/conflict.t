#!/bin/bash
# Hand edits are never lost: one made between apply and rollback is a conflict, shown and kept.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
start_scenario
run tlsharden apply --profile strict --yes
status_is 0 "apply"
check "main.cf has the policy" grep -q '^smtpd_tls_mandatory_protocols' /etc/postfix/main.cf
echo 'message_size_limit = 31457280' >>/etc/postfix/main.cf
run tlsharden rollback
status_is 5 "rollback over a hand edit is refused"
err_has /etc/postfix/main.cf "the file is named"
check "the hand edit is kept" grep -q '^message_size_limit = 31457280$' /etc/postfix/main.cf
run tlsharden apply --profile strict --yes
status_is 0 "apply still works"
check "and keeps the hand edit" grep -q '^message_size_limit = 31457280$' /etc/postfix/main.cf
sed -i '/^message_size_limit/d' /etc/postfix/main.cf
run tlsharden rollback
status_is 0 "with the edit taken back, rollback works"
done_testing
