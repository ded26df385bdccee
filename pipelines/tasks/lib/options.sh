# shellcheck shell=sh
# The params that the tasks share, and which workloads they name. After cluster.sh.

read_options() {
  seconds=$(seconds_of TIMEOUT "${TIMEOUT:-5m}")
  seconds_back=$(seconds_of ROLLBACK_TIMEOUT "${ROLLBACK_TIMEOUT:-${TIMEOUT:-5m}}")
  rollback=${ROLLBACK:-$default_rollback}
  case $rollback in all | failed | none) ;; *) usage "ROLLBACK is one of all, failed and none" ;; esac
  case ${LOG_LINES:-20} in *[!0-9]*) usage "LOG_LINES is a number of lines" ;; esac
  kinds=
  for word in ${KINDS:-deployments statefulsets daemonsets cronjobs}; do
    case $word in
      deployments | statefulsets | daemonsets) kinds=$kinds${kinds:+,}$word.apps ;;
      cronjobs) kinds=$kinds${kinds:+,}$word.batch ;;
      *) usage "KINDS: \"$(printable "$word")\" is not one of deployments, statefulsets, daemonsets and cronjobs" ;;
    esac
  done
  if [ "${NAMESPACES:-}" = '*' ]; then
    [ -z "${WORKLOADS:-}" ] || usage "WORKLOADS need namespaces with a name: NAMESPACES cannot be * beside them"
  else
    # shellcheck disable=SC2086 # words
    check_names NAMESPACES ${NAMESPACES:-}
  fi
  # shellcheck disable=SC2086 # words
  check_names CONTAINERS ${CONTAINERS:-}
  for word in ${WORKLOADS:-}; do
    check_names WORKLOADS "${word#*/}"
    workload_of "$word" >/dev/null
  done
}

workload_of() { # kind/name as people write it
  case $1 in
    deployment/* | deployments/* | deploy/* | deployment.apps/* | deployments.apps/*) say "deployments.apps/${1#*/}" ;;
    statefulset/* | statefulsets/* | sts/* | statefulset.apps/* | statefulsets.apps/*) say "statefulsets.apps/${1#*/}" ;;
    daemonset/* | daemonsets/* | ds/* | daemonset.apps/* | daemonsets.apps/*) say "daemonsets.apps/${1#*/}" ;;
    cronjob/* | cronjobs/* | cj/* | cronjob.batch/* | cronjobs.batch/*) say "cronjobs.batch/${1#*/}" ;;
    *) usage "WORKLOADS: \"$(printable "$1")\" is not like deployment/web; the kinds are deployment, statefulset, daemonset, cronjob" ;;
  esac
}

# The lines of all that may be meant, in $work/rows.
look() {
  : >"$work/rows"
  if [ "${NAMESPACES:-}" = '*' ]; then
    look_in --all-namespaces
  elif [ -z "${NAMESPACES:-}" ]; then
    look_in
  else
    for namespace in $NAMESPACES; do look_in "--namespace=$namespace"; done
  fi
  # A workload that two words name is one.
  awk -F '\t' '!seen[$1, $2, $3]++' "$work/rows" >"$work/rows.new"
  mv "$work/rows.new" "$work/rows"
}
look_in() { # arguments of kubectl that say where
  if [ -n "${WORKLOADS:-}" ]; then
    for word in $WORKLOADS; do set -- "$@" "$(workload_of "$word")"; done
  else
    set -- "$@" "$kinds"
  fi
  k get "$@" -o "go-template-file=$lib/workloads.tpl" >>"$work/rows" 2>"$work/why_not" ||
    fail 1 "$cluster: $(sentence "$work/why_not"); nothing was changed"
}

# $work/plan and $work/workloads from $work/moves and $work/rows (plan.awk); 1 with $work/problems.
plan() {
  : >"$work/plan"
  : >"$work/workloads"
  awk -f "$lib/images.awk" -f "$lib/plan.awk" -v moves="$work/moves" -v containers="${CONTAINERS:-}" -v image="${image:-}" \
    -v plan="$work/plan" -v workloads="$work/workloads" "$work/rows" >"$work/problems"
}
first_problem() { head -n 1 "$work/problems" | clean; }
