#!/bin/sh
# Sets one digest on the workloads of a cluster, waits until it runs, and puts back what ran before where it does not.
# deploy.yml lists the params, docs/deploying.md tells of them.
#
# Exit status: 0 it runs (or nothing was to do), 1 it does not and what ran before is back, 2 a param is wrong and nothing
# was changed, 3 what ran before could not be restored.
set -eu

# shellcheck source=pipelines/tasks/lib/cluster.sh
. "${0%/*}/lib/cluster.sh"
# shellcheck source=pipelines/tasks/lib/options.sh
. "${0%/*}/lib/options.sh"
# shellcheck source=pipelines/tasks/lib/reasons.sh
. "${0%/*}/lib/reasons.sh"
# shellcheck source=pipelines/tasks/lib/rollout.sh
. "${0%/*}/lib/rollout.sh"

read_image() {
  image=${IMAGE:-}
  if [ -z "$image" ]; then
    [ -r image/image ] || usage "there is no image: map a get of it to the input image, or set IMAGE"
    image=$(cat image/image)
  fi
  if [ -n "${REPOSITORY:-}" ]; then image=$REPOSITORY@${image#*@}; fi
  printf '%s\n' "$image" | awk '
    /^[A-Za-z0-9]([A-Za-z0-9._:\/-]*[A-Za-z0-9])?@sha256:[0-9a-f]+$/ && length($0) - index($0, "@") == 71 { good++ }
    END { exit !(good == 1 && NR == 1) }' ||
    usage "\"$(printable "$image")\" is not an image by digest, like registry.example.com/app@sha256:..."
}

# Each workload that is named must have a container that is meant.
check_named() {
  [ -n "${WORKLOADS:-}" ] || return 0
  awk -F '\t' 'FILENAME ~ /workloads$/ { planned[$2, $3, $4] = 1; next }
    !(($1, $2, $3) in planned) { print tolower($1) "/" $3 " in " $2 }' "$work/workloads" "$work/rows" >"$work/unplanned"
  [ ! -s "$work/unplanned" ] ||
    fail 1 "$(head -n 1 "$work/unplanned") runs no image of ${image%@*}: name its container in CONTAINERS; nothing was changed"
}

default_rollback=all
open_work
read_image
read_options
sign_in
look
printf '%s\t%s\n' "$image" "$image" >"$work/moves"
plan || fail 1 "$(first_problem); nothing was changed"
check_named
[ -s "$work/workloads" ] ||
  fail 1 "no workload of $cluster${NAMESPACES:+ in $NAMESPACES} runs an image of ${image%@*}: nothing was changed"
roll_out "$image"
