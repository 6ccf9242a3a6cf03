#!/bin/bash
# The old profile on a fresh stock host; see profile.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/profile.sh"
