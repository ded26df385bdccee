# shellcheck shell=sh
# Sets the images of a plan (plan.awk), waits until they run, and puts back what ran before where they do not. After
# cluster.sh, options.sh and reasons.sh; all that passes between these functions lies in files of $work.

tab=$(printf '\t')

now() { date +%s; }

resource() { # kind
  case $1 in
    Deployment) echo deployments.apps ;;
    StatefulSet) echo statefulsets.apps ;;
    DaemonSet) echo daemonsets.apps ;;
    CronJob) echo cronjobs.batch ;;
  esac
}

title() { # id
  awk -F '\t' -v id="$1" '$1 == id { print tolower($2) "/" $4 " in " $3 }' "$work/workloads"
}

# What the workloads of a file are like now, as lines of workloads.tpl, in $work/rows.
ask() { # file of workloads
  : >"$work/rows.new"
  awk -F '\t' '!seen[$3]++ { print $3 }' "$1" >"$work/namespaces"
  while read -r namespace; do
    ask_namespace "$1" "$namespace" </dev/null || return 1
  done <"$work/namespaces"
  mv "$work/rows.new" "$work/rows"
}
ask_namespace() { # file of workloads, namespace
  asked=$1 inside=$2
  set --
  while IFS=$tab read -r _ kind namespace name _; do
    [ "$namespace" != "$inside" ] || set -- "$@" "$(resource "$kind")/$name"
  done <"$asked"
  # By name it is a request for each, of which kubectl makes 50 a second: many are asked for as lists.
  [ $# -le 20 ] || set -- "$kinds"
  k get "$@" --namespace="$inside" --ignore-not-found -o "go-template-file=$lib/workloads.tpl" \
    >>"$work/rows.new" 2>"$work/why_not"
}

judge() { # before or after, file of workloads
  column=6
  [ "$1" = after ] || column=5
  touch "$work/stamps"
  awk -f "$lib/images.awk" -f "$lib/judge.awk" -v column="$column" -v plan_file="$work/plan" -v workloads_file="$2" \
    -v stamps_file="$work/stamps" "$work/plan" "$2" "$work/stamps" "$work/rows"
}

# Which Progressing condition each workload has now: the same one, later, says nothing of a rollout that began since.
stamp() {
  awk -F '\t' -v OFS='\t' 'FNR == NR { id[$2, $3, $4] = $1; next }
    ($1, $2, $3) in id { print id[$1, $2, $3], $17 }' "$work/workloads" "$work/rows" >"$work/stamps"
}

patch() { # id, kind, namespace, name, column of what is there, column of what is to be
  awk -f "$lib/patch.awk" -v id="$1" -v kind="$2" -v from="$5" -v to="$6" "$work/plan" >"$work/patch.json"
  k patch "$(resource "$2")/$4" --namespace="$3" --type=json --patch-file="$work/patch.json" --field-manager=build-service \
    -o name >/dev/null 2>"$work/why_not"
}

# One workload gets its new images. Where somebody else was faster, what they set is what would be put back.
set_images() { # id, kind, namespace, name
  for attempt in 1 2 3; do
    # A signal that comes while the API is asked must not be told of as if nothing had been changed.
    : >"$work/tried"
    if patch "$1" "$2" "$3" "$4" 5 6; then
      say "$1" >>"$work/was_set"
      return 0
    fi
    grep "^$1$tab" "$work/workloads" >"$work/one"
    cp "$work/why_not" "$work/refused"
    if ! ask "$work/one"; then
      # It may have been set: the way back finds out.
      was_refused || say "$1" >>"$work/was_set"
      return 1
    fi
    [ -s "$work/rows" ] || { echo "it was deleted" >"$work/why_not"; return 1; }
    cp "$work/plan" "$work/plan.old"
    awk -f "$lib/images.awk" -f "$lib/current.awk" -v id="$1" -v plan_file="$work/plan.old" "$work/rows" "$work/plan.old" \
      >"$work/plan" || { cp "$work/plan.old" "$work/plan"; echo "its containers were changed" >"$work/why_not"; return 1; }
    if same "$work/plan" "$work/plan.old"; then
      cp "$work/refused" "$work/why_not"
      return 1
    fi
    if has_target "$1" && ! was_refused; then
      # The API did it, and its answer was lost: what was there before is still what goes back.
      cp "$work/plan.old" "$work/plan"
      say "$1" >>"$work/was_set"
      return 0
    fi
    say "$(title "$1") was changed by somebody else in between; attempt $((attempt + 1))"
    if has_target "$1"; then return 0; fi
  done
  return 1
}
has_target() { # id
  awk -F '\t' -v id="$1" '$1 == id && $5 != $6 { other = 1 } END { exit other }' "$work/plan"
}
# Whether the API server said that it did not do it; an error of another kind leaves that open.
was_refused() { grep -q -e '(Forbidden)' -e '(Conflict)' -e '(BadRequest)' -e 'request is invalid' "$work/refused"; }

# Waits until every workload of a file has a verdict that will not change by waiting. $work/verdicts: id, verdict, text.
wait_for() { # before or after, file of workloads, seconds
  cp "$2" "$work/open"
  : >"$work/verdicts"
  : >"$work/said"
  deadline=$(($(now) + $3))
  look_closer=$(($(now) + 10))
  reached=yes
  while [ -s "$work/open" ]; do
    if ask "$work/open"; then
      reached=yes
      judge "$1" "$work/open" >"$work/judged"
      note_progress
      [ "$1" = after ] || free_stuck_pods
    elif [ "$reached" = yes ]; then
      reached=
      say "$cluster could not be asked, which is tried again: $(sentence "$work/why_not")"
    fi
    [ -s "$work/open" ] || break
    [ "$(now)" -lt "$deadline" ] || break
    if [ "$1" = after ] && [ "$(now)" -ge "$look_closer" ]; then
      look_closer=$(($(now) + 15))
      look_closer_at_some
    fi
    pause 1
  done
  while IFS=$tab read -r id _; do
    if [ -n "$reached" ]; then
      printf '%s\tlate\t%s\n' "$id" "$(awk -F '\t' -v id="$id" '$1 == id { print $3 }' "$work/judged")"
    else
      printf '%s\tunknown\t%s\n' "$id" "$cluster could not be asked: $(sentence "$work/why_not")"
    fi
  done <"$work/open" >>"$work/verdicts"
}

# What is new of $work/judged is said; what is decided leaves $work/open for $work/verdicts.
note_progress() {
  awk -F '\t' 'FILENAME ~ /workloads$/ { title[$1] = tolower($2) "/" $4 " in " $3; next }
    FILENAME ~ /said$/ { said[$1] = $0; next }
    said[$1] != $0 { print "  " title[$1] ": " ($2 == "waiting" ? "" : $2 == "later" ? "set; " : $2 == "ready" ? "" : $2 ": ") $3 }
  ' "$work/workloads" "$work/said" "$work/judged" | clean
  cp "$work/judged" "$work/said"
  awk -F '\t' '$2 != "waiting"' "$work/judged" >>"$work/verdicts"
  awk -F '\t' 'FILENAME ~ /judged$/ { if ($2 == "waiting") open[$1] = 1; next } $1 in open' "$work/judged" "$work/open" \
    >"$work/open.new"
  mv "$work/open.new" "$work/open"
}

# Once every now and then: why the pods of those that are still waited for do not start. A few, for each costs requests.
look_closer_at_some() {
  head -n 3 "$work/open" >"$work/some"
  while IFS=$tab read -r id kind namespace name _; do
    pods_of "$id" "$kind" "$namespace" "$name" 2>/dev/null </dev/null || continue
    describe_pods "$id" >"$work/closer.$id.new"
    touch "$work/closer.$id"
    same "$work/closer.$id.new" "$work/closer.$id" || cat "$work/closer.$id.new"
    mv "$work/closer.$id.new" "$work/closer.$id"
  done <"$work/some"
}

# A StatefulSet waits for a pod that can never become ready, even when its template was put back, until somebody deletes
# the pod (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback).
free_stuck_pods() {
  while IFS=$tab read -r id kind namespace name _; do
    [ "$kind" = StatefulSet ] && [ -s "$work/failed_revision.$id" ] || continue
    grep -q "^$id${tab}waiting${tab}[0-9]" "$work/judged" || continue
    stuck_pods "$id" "$namespace" >"$work/stuck" 2>/dev/null </dev/null || continue
    while read -r pod; do
      say "  $(title "$id"): deleting $pod, which stands in the way"
      k delete pod "$pod" --namespace="$namespace" --wait=false --ignore-not-found >/dev/null 2>"$work/why_not" </dev/null ||
        say "  $pod has to be deleted by hand: $(sentence "$work/why_not")"
    done <"$work/stuck"
  done <"$work/open"
  return 0
}

sentence() { # file of what kubectl wrote to stderr
  clean <"$1" | awk 'NF { line = $0 } END { sub(/^[Ee]rror( from server)?:? */, "", line); print substr(line, 1, 400) }'
}

same() { [ "$(cat "$1")" = "$(cat "$2")" ]; }

# Those of a file of workloads whose ids another file begins its lines with.
with_ids() { awk -F '\t' 'FILENAME == ARGV[1] { id[$1] = 1; next } $1 in id' "$1" "$2"; }

# For one line: one by its name, several as a number and the first few names.
titles() { # file that begins its lines with ids
  with_ids "$1" "$work/workloads" | awk -F '\t' '
    NR <= 5 { text = text (NR > 1 ? ", " : "") tolower($2) "/" $4 " in " $3 }
    END { print (NR > 1 ? NR " workloads: " : "") text (NR > 5 ? " ..." : "") }'
}
count() { awk 'END { print NR }' "$1"; }

# The whole of it. $work has plan, workloads and rows, options.sh has set seconds, seconds_back and rollback.
roll_out() { # what is to run, for people
  what=$1
  : >"$work/was_set"
  : >"$work/others"
  ask "$work/workloads" || fail 1 "$cluster: $(sentence "$work/why_not"); nothing was changed"
  cp "$work/rows" "$work/first_rows"
  judge before "$work/workloads" | awk -F '\t' '$2 == "ready" || $2 == "later" { print $1 }' >"$work/was_ready"
  stamp
  say_plan
  set_all
  with_ids "$work/to_wait" "$work/workloads" >"$work/waited"
  # What would be taken back at once need not become ready first.
  [ ! -s "$work/unset" ] || [ "$rollback" != all ] || : >"$work/waited"
  wait_for after "$work/waited" "$seconds"
  cat "$work/unset" "$work/verdicts" >"$work/outcome"
  awk -F '\t' '$2 != "ready" && $2 != "later"' "$work/outcome" >"$work/failed"
  if [ ! -s "$work/failed" ]; then
    say_success
    return 0
  fi
  say_failures
  take_back
  last_line
}

say_plan() {
  say "$cluster: deploying $what"
  awk -F '\t' 'FILENAME ~ /workloads$/ { title[$1] = tolower($2) "/" $4 " in " $3; next }
    $6 != shown && $6 != what { print "  " $6; shown = $6 }
    { print "  " title[$1] ": container " $4 ($5 == $6 ? " has it already" : " had " $5) }
    ' what="$what" "$work/workloads" "$work/plan"
}

set_all() {
  : >"$work/unset"
  : >"$work/to_wait"
  while IFS=$tab read -r id kind namespace name _ changes; do
    if [ "$changes" = 0 ] || set_images "$id" "$kind" "$namespace" "$name" </dev/null; then
      say "$id" >>"$work/to_wait"
    else
      printf '%s\trefused\tit could not be set: %s\n' "$id" "$(sentence "$work/why_not")" >>"$work/unset"
      # One that cannot be set fails the whole: nothing more is set that would be taken back at once.
      [ "$rollback" != all ] || break
    fi
  done <"$work/workloads"
}

say_success() {
  awk -F '\t' '$2 == "later"' "$work/outcome" >"$work/later"
  awk -F '\t' '$2 == "ready"' "$work/outcome" >"$work/ready"
  if [ ! -s "$work/was_set" ]; then
    say "nothing to do: $what was already in $(titles "$work/outcome")"
  elif [ ! -s "$work/later" ]; then
    say "$what runs in $(titles "$work/ready")"
  elif [ ! -s "$work/ready" ]; then
    say "$what is set, and runs later, in $(titles "$work/later")"
  else
    say "$what runs in $(titles "$work/ready"); it is set, and runs later, in $(titles "$work/later")"
  fi
}

say_failures() {
  while IFS=$tab read -r id verdict text; do
    say ""
    case $verdict in
      late) say "$(title "$id") did not become ready within $seconds s: $text" ;;
      *) say "$(title "$id"): $text" ;;
    esac | clean
    case $verdict in
      late | failed) with_ids "$work/failed" "$work/waited" | grep "^$id$tab" >"$work/one" && explain </dev/null ;;
    esac
  done <"$work/failed"
}

explain() {
  IFS=$tab read -r id kind namespace name uid _ <"$work/one"
  why "$id" "$kind" "$namespace" "$name" "$uid"
}

# What this task set and nobody has set since goes back to what stood there before, and is looked at.
take_back() {
  : >"$work/back"
  : >"$work/not_back"
  case $rollback in
    none) return 0 ;;
    failed) with_ids "$work/failed" "$work/was_set" >"$work/to_take" ;;
    all) cp "$work/was_set" "$work/to_take" ;;
  esac
  with_ids "$work/to_take" "$work/workloads" >"$work/going"
  [ -s "$work/going" ] || return 0
  say ""
  ask "$work/going" && stamp || true
  note_failed_revisions
  while IFS=$tab read -r id kind namespace name _; do
    put_back "$id" "$kind" "$namespace" "$name" </dev/null
  done <"$work/going"
  with_ids "$work/back" "$work/going" | with_ids "$work/was_ready" - >"$work/waited_back"
  wait_for before "$work/waited_back" "$seconds_back"
  awk -F '\t' '$2 != "ready" && $2 != "later"' "$work/verdicts" >>"$work/not_back"
}

note_failed_revisions() {
  awk -F '\t' 'FILENAME ~ /going$/ { id[$2, $3, $4] = $1; next } $1 == "StatefulSet" && ($1, $2, $3) in id { print id[$1, $2, $3] "\t" $15 "\t" $4 }' \
    "$work/going" "$work/rows" >"$work/revisions"
  while IFS=$tab read -r id revision uid; do printf '%s\t%s\n' "$revision" "$uid" >"$work/failed_revision.$id"; done <"$work/revisions"
}

put_back() { # id, kind, namespace, name
  former=$(awk -F '\t' -v id="$1" '$1 == id && $5 != $6 { print $5 }' "$work/plan" | sort -u)
  if patch "$1" "$2" "$3" "$4" 6 5; then
    say "$(title "$1") goes back to $former"
    say "$1" >>"$work/back"
    return 0
  fi
  cp "$work/why_not" "$work/refused"
  grep "^$1$tab" "$work/workloads" >"$work/one"
  if ask "$work/one"; then
    verdict=$(judge before "$work/one" | cut -f 2)
    case $verdict in
      gone) say "$(title "$1") was deleted: nothing of it is to be taken back" ; return 0 ;;
      moved)
        if [ "$(judge after "$work/one" | cut -f 2)" = moved ]; then
          say "$(title "$1") was set by somebody else since, and is left as it is"
          say "$1" >>"$work/others"
          return 0
        fi
        ;;
      *) say "$(title "$1") was put back by somebody else"; say "$1" >>"$work/back"; return 0 ;;
    esac
  fi
  printf '%s\trefused\tit could not be put back: %s\n' "$1" "$(sentence "$work/refused")" >>"$work/not_back"
  say "$(title "$1") could not be put back: $(sentence "$work/refused")"
}

# The error, as the one line that somebody reads first, and the exit status: 1, or 3 where what ran before could not be
# restored.
last_line() {
  read_first_failure
  problem="$(title "$id") does not run $what: $cause"
  if [ "$(count "$work/failed")" -gt 1 ]; then
    problem="$(count "$work/failed") of $(count "$work/workloads") workloads do not run $what (first $(title "$id"): $cause)"
  fi
  if [ -s "$work/not_back" ]; then
    fail 3 "$problem; WHAT RAN BEFORE COULD NOT BE RESTORED in $(titles "$work/not_back"): $(first_text "$work/not_back")"
  elif [ "$rollback" = none ]; then
    fail 1 "$problem; nothing is taken back, as ROLLBACK is none"
  elif [ -s "$work/back" ]; then
    fail 1 "$problem$(what_is_back)"
  elif [ -s "$work/others" ]; then
    fail 1 "$problem; it is left as it is"
  elif [ ! -s "$work/was_set" ]; then
    fail 1 "$problem; nothing was set, so there is nothing to take back$(never_worked)"
  fi
  fail 1 "$problem; nothing is left to take back"
}

read_first_failure() {
  IFS=$tab read -r id _ cause <"$work/failed"
  [ ! -s "$work/cause.$id" ] || cause=$(cat "$work/cause.$id")
  cause=$(printable "$cause")
}
first_text() { cut -f 3 "$1" | head -n 1 | clean; }

what_is_back() {
  with_ids "$work/was_ready" "$work/back" >"$work/back_ready"
  awk 'FILENAME ~ /back_ready$/ { ready[$1] = 1; next } !($1 in ready)' "$work/back_ready" "$work/back" >"$work/back_unready"
  if [ -s "$work/back_ready" ]; then
    if [ "$(count "$work/back_ready")" = "$(count "$work/was_set")" ]; then
      printf '; what ran before runs again'
    else
      printf '; what ran before runs again in %s' "$(titles "$work/back_ready")"
    fi
  fi
  [ ! -s "$work/back_unready" ] ||
    printf '; the former image is back in %s, which was not ready before this task either' "$(titles "$work/back_unready")"
  [ ! -s "$work/others" ] || printf '; what somebody else has set since is left in %s' "$(titles "$work/others")"
}

# Where the image was there before and the workload has no other revision, nobody can go back.
never_worked() {
  awk -F '\t' 'FILENAME ~ /failed$/ { id[$1] = 1; next }
    FILENAME ~ /workloads$/ { if ($1 in id) mine[$2, $3, $4] = 1; next }
    ($1, $2, $3) in mine && ($1 == "Deployment" && $15 == "1" || $1 == "StatefulSet" && $15 == $16) { first++ }
    END { if (first) print " (it was made with this image and has no earlier revision)" }' \
    "$work/failed" "$work/workloads" "$work/first_rows"
}
