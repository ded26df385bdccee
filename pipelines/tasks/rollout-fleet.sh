#!/bin/sh
# Gives every Deployment, StatefulSet, DaemonSet and CronJob whose container comes from an image that the put moved its new
# digest, waits for all of them, and takes back each one that does not become ready, with what the cluster says of it.
# rollout-fleet.yml lists the params; docs/deploying.md tells of what both tasks of deployment print.
#
# Which image is meant follows from fleet/changed.tsv (name, before, after): the one that the container runs by digest, or
# names by tag, or, where the put moved one image of the container's repository alone, that one.
set -eu

# shellcheck source=pipelines/tasks/lib/cluster.sh
. "${0%/*}/lib/cluster.sh"
# shellcheck source=pipelines/tasks/lib/options.sh
. "${0%/*}/lib/options.sh"
# shellcheck source=pipelines/tasks/lib/reasons.sh
. "${0%/*}/lib/reasons.sh"
# shellcheck source=pipelines/tasks/lib/rollout.sh
. "${0%/*}/lib/rollout.sh"

# One image that does not start keeps no other from its patched base.
default_rollback=failed
open_work
NAMESPACES=${NAMESPACES:-*}
read_options
[ -s fleet/changed.tsv ] || {
  say "the put moved no image: nothing to roll out to ${CLUSTER:-the cluster}"
  exit 0
}
sign_in
look
awk -F '\t' -v OFS='\t' '{ print $1, $3; print $2, $3 }' fleet/changed.tsv >"$work/moves"
plan || fail 1 "$(first_problem); nothing was changed"
if [ ! -s "$work/workloads" ]; then
  say "no workload of $cluster runs an image that the put moved"
  exit 0
fi
roll_out "what the put moved"
