# shellcheck shell=sh
# Why a workload does not become ready: the pods of its new revision, the states of their containers, the last lines that
# those wrote, and the events of all of them. After cluster.sh.

# The new revision's label, the owner of its pods and its own name in $work/revision; of a Deployment that is a ReplicaSet.
revision_of() { # kind, namespace, name, uid
  case $1 in
    Deployment) kind_of_revision=replicasets.apps ;;
    StatefulSet | DaemonSet) kind_of_revision=controllerrevisions.apps ;;
    *) return 1 ;;
  esac
  k get "$kind_of_revision" --namespace="$2" -o "go-template-file=$lib/owned.tpl" >"$work/owned" 2>"$work/why_not" || return 1
  # The pods of a StatefulSet have the name of its revision as their label, the others a hash.
  awk -F '\t' -v OFS='\t' -v kind="$1" -v uid="$4" '
    $1 == uid && $2 + 0 >= newest { newest = $2 + 0; line = (kind == "Deployment" ? $3 : uid) OFS (kind == "StatefulSet" ? $4 : $5) OFS $4 }
    END { if (line == "") exit 1; print line }' "$work/owned" >"$work/revision" || {
    say "it has no revision yet" >"$work/why_not"
    return 1
  }
}

# The lines of pods.tpl for the pods of the new revision that are not ready, in $work/pods.ID.
pods_of() { # id, kind, namespace, name
  workload_uid=$(awk -F '\t' -v id="$1" '$1 == id { print $5 }' "$work/workloads")
  revision_of "$2" "$3" "$4" "$workload_uid" || return 1
  IFS=$tab read -r owner label replica_set <"$work/revision"
  list_pods "$3" "$owner" "$label" >"$work/pods.$1"
}

list_pods() { # namespace, uid of the owner, revision's label
  k get pods --namespace="$1" --selector="$(label_name "$3")=$3" -o "go-template-file=$lib/pods.tpl" \
    >"$work/pods" 2>"$work/why_not" || return 1
  awk -F '\t' -v owner="$2" '$1 == "pod" { mine = $2 == owner && $6 == "-" } mine' "$work/pods"
}
label_name() {
  if [ "$kind_of_revision" = replicasets.apps ]; then echo pod-template-hash; else echo controller-revision-hash; fi
}

# Pods of a StatefulSet's failed revision that are not ready, by name.
stuck_pods() { # id, namespace
  IFS=$tab read -r label owner <"$work/failed_revision.$1"
  kind_of_revision=controllerrevisions.apps
  list_pods "$2" "$owner" "$label" | awk -F '\t' '$1 == "pod" { print $4 }'
}

# For a person; at most three pods. The first cause is kept for the last line, in $work/cause.ID.
describe_pods() { # id
  awk -f "$lib/quoted.awk" -f "$lib/pods.awk" -v cause_file="$work/cause.$1" "$work/pods.$1" | clean
}

why() { # id, kind, namespace, name, uid
  if ! pods_of "$1" "$2" "$3" "$4"; then
    say "  its pods could not be looked at: $(sentence "$work/why_not")"
    events "$3" "$2" "$4"
    return 0
  fi
  describe_pods "$1"
  [ -s "$work/pods.$1" ] || say "  no pod of the new revision is there that is not ready"
  awk -F '\t' '$1 == "pod" { pods++; pod = $4 }
    $1 == "container" && pods <= 3 && ($3 > 0 || $4 != "waiting") { print pod "\t" $2 "\t" ($4 == "running" && $3 > 0 ? "--previous" : "-") }
    ' "$work/pods.$1" | head -n 4 >"$work/logs"
  while IFS=$tab read -r pod container previous; do
    last_lines "$3" "$pod" "$container" "$previous" </dev/null
  done <"$work/logs"
  events "$3" "$2" "$4"
  [ "$2" != Deployment ] || events "$3" ReplicaSet "$replica_set"
  awk -F '\t' '$1 == "pod" { print $4 }' "$work/pods.$1" | head -n 3 >"$work/names"
  while read -r pod; do events "$3" Pod "$pod" </dev/null; done <"$work/names"
}

last_lines() { # namespace, pod, container, --previous or -
  [ "${LOG_LINES:-20}" -gt 0 ] || return 0
  set -- "$1" "$2" "$3" "$4" "--tail=${LOG_LINES:-20}"
  if [ "$4" = --previous ] && k logs "$2" --namespace="$1" --container="$3" "$5" --previous >"$work/log" 2>/dev/null; then
    :
  elif ! k logs "$2" --namespace="$1" --container="$3" "$5" >"$work/log" 2>"$work/why_not"; then
    say "  $2 has no log of $3: $(sentence "$work/why_not")"
    return 0
  fi
  if [ -s "$work/log" ]; then
    say "  the last lines of $3 in $2:"
    clean <"$work/log" | awk '{ print "  | " substr($0, 1, 500) }'
  else
    say "  $3 in $2 has written nothing"
  fi
}

# The warnings about one object, the last eight.
events() { # namespace, kind, name
  k get events --namespace="$1" --sort-by=.lastTimestamp -o "go-template-file=$lib/events.tpl" \
    --field-selector="involvedObject.kind=$2,involvedObject.name=$3,type=Warning" >"$work/events" 2>"$work/why_not" || {
    say "  the events of $3 could not be read: $(sentence "$work/why_not")"
    return 0
  }
  awk -f "$lib/quoted.awk" -f "$lib/events.awk" -v name="$3" "$work/events" | clean
}
