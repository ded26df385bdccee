#!/bin/sh
# The command comes from the pipeline's vars: who sets the pipeline decides what runs here.
set -eu
if [ -z "${TEST:-}" ]; then
  echo "there is no test: TEST is empty" >&2
  exit 1
fi
echo "$TEST"
exec sh -euc "$TEST"
