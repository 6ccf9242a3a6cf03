#!/bin/bash
# verify and scan beside sslscan, nmap and the libraries' own clients, on seven servers with one weakness each. The
# cases are in weak.py, what is compared in differential.py.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/scenario.sh"
need_program
host_prepare
# Not exec: the shell takes in what the servers leave behind.
PYTHONDONTWRITEBYTECODE=1 python3 /src/tests/server/differential.py "$@"
exit
