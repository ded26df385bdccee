#!/bin/bash
# Runs scripts/test in the input `source`, with what was compiled and downloaded before in the task's cache.
set -eu -o pipefail
. "$(dirname "$0")/cache.sh"
cd source
exec scripts/test ${TIER:+"$TIER"}
