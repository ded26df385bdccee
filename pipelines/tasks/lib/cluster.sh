# shellcheck shell=sh
# One cluster, for the tasks beside this folder: how they sign in to it, ask it and say what they do. Needs sh, awk, sed, sort,
# cut, grep, date, sleep, mktemp and tr (as busybox has them) and kubectl. Values from outside are words of their own, never
# code.

lib=${0%/*}/lib

say() { printf '%s\n' "$*"; }
# The last line that somebody reads: what is wrong, on one line.
fail() { # exit status, words
  status=$1
  shift
  printf 'error: %s\n' "$*" >&2
  exit "$status"
}
usage() { fail 2 "$@"; }

# What cannot go on at once goes on soon: a signal is to end the sleep, too.
pause() {
  sleep "$1" &
  wait $!
}

# A file below $work for all that passes between the functions.
open_work() {
  set -f
  umask 077
  work=$(mktemp -d)
  # A signal may come within a command whose stderr goes to a file.
  exec 9>&2
  trap 'rm -rf "$work"' EXIT
  trap 'ended_by 130 SIGINT' INT
  trap 'ended_by 143 SIGTERM' TERM
  trap 'ended_by 129 SIGHUP' HUP
}
ended_by() { # exit status, signal
  trap - INT TERM HUP
  exec 2>&9
  if [ -s "$work/going" ]; then
    fail "$1" "ended by $2 while what ran before was being put back: look at $(titles "$work/going") in $cluster"
  elif [ -s "$work/was_set" ] || [ -e "$work/tried" ]; then
    fail "$1" "ended by $2: what was set until then stays as it is, and nothing was taken back"
  fi
  fail "$1" "ended by $2 before anything was changed"
}

# Of KUBECONFIG_YAML, KUBECONFIG_FILE, or SERVER with TOKEN or TOKEN_FILE and CA or CA_FILE a kubeconfig that kubectl reads.
# A credential is written to files of $work alone: not to a command line, and no longer to the environment of kubectl.
sign_in() {
  cluster=${CLUSTER:-the cluster}
  KUBECONFIG=$work/kubeconfig
  KUBECACHEDIR=$work/cache
  export KUBECONFIG KUBECACHEDIR
  if [ -n "${KUBECONFIG_YAML:-}" ]; then
    [ -z "${KUBECONFIG_FILE:-}${SERVER:-}" ] || usage "give one of KUBECONFIG_YAML, KUBECONFIG_FILE and SERVER, not two"
    printf '%s\n' "$KUBECONFIG_YAML" >"$KUBECONFIG"
  elif [ -n "${KUBECONFIG_FILE:-}" ]; then
    [ -z "${SERVER:-}" ] || usage "give one of KUBECONFIG_YAML, KUBECONFIG_FILE and SERVER, not two"
    [ -r "$KUBECONFIG_FILE" ] || usage "KUBECONFIG_FILE: cannot read $KUBECONFIG_FILE; it is the path of a file in an input"
    # Not a copy: its paths may be relative to where it lies.
    KUBECONFIG=$KUBECONFIG_FILE
  elif [ -n "${SERVER:-}" ]; then
    sign_in_by_token
  else
    usage "no cluster is given: set KUBECONFIG_YAML, or KUBECONFIG_FILE, or SERVER with TOKEN and CA"
  fi
  unset KUBECONFIG_YAML TOKEN CA
}
sign_in_by_token() {
  case $SERVER in
    *[!]A-Za-z0-9.:/_[-]* | *//*//*) usage "SERVER is not a URL like https://10.0.0.1:6443" ;;
    https://?*) ;;
    *) usage "SERVER is not a URL that begins with https://" ;;
  esac
  given_or_file TOKEN "${TOKEN:-}" "${TOKEN_FILE:-}" token
  [ -s "$work/token" ] || usage "SERVER needs TOKEN, or TOKEN_FILE, the token of a service account"
  given_or_file CA "${CA:-}" "${CA_FILE:-}" ca.pem
  {
    printf 'apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {cluster: c, user: u}\n'
    printf 'clusters:\n- name: c\n  cluster:\n    server: "%s"\n' "$SERVER"
    # Without an authority of its own the system's are asked.
    [ ! -s "$work/ca.pem" ] || printf '    certificate-authority: ca.pem\n'
    printf 'users:\n- name: u\n  user: {tokenFile: token}\n'
  } >"$KUBECONFIG"
}
given_or_file() { # name of the param, its value, the file's path, the name below $work
  if [ -n "$2" ]; then
    printf '%s\n' "$2" >"$work/$4"
  elif [ -n "$3" ]; then
    [ -r "$3" ] || usage "$1_FILE: cannot read $3; it is the path of a file in an input"
    cat "$3" >"$work/$4"
  fi
}

# kubectl, bounded, so that an API server that says nothing is not waited for until Concourse ends the task.
k() { kubectl --request-timeout=30s ${CONTEXT:+--context="$CONTEXT"} "$@"; }

# Seconds of 300, 90s, 5m, 1h or 1m30s.
seconds_of() { # name of the param, value
  printf '%s\n' "$2" | awk -v name="$1" '
    /^[0-9]+$/ { print $0 + 0; exit }
    /^([0-9]+h)?([0-9]+m)?([0-9]+s)?$/ && length($0) > 0 {
      rest = $0; total = 0
      while (match(rest, /^[0-9]+[hms]/)) {
        unit = substr(rest, RLENGTH, 1)
        total += substr(rest, 1, RLENGTH - 1) * (unit == "h" ? 3600 : unit == "m" ? 60 : 1)
        rest = substr(rest, RLENGTH + 1)
      }
      print total; exit
    }
    { exit 1 }' || usage "$1 is not a duration like 300, 90s or 5m"
}

# Each word of a param is a name as Kubernetes allows them.
check_names() { # name of the param, words
  param=$1
  shift
  for one in "$@"; do
    case $one in
      "" | -* | *- | .* | *. | *[!a-z0-9.-]*) usage "$param: \"$(printable "$one")\" is not a name of Kubernetes" ;;
    esac
  done
}

# Text of others for the log: control characters, of terminals too, are left out; tabs and newlines stay.
printable() { printf '%s' "$1" | clean; }
clean() { tr -d '\000-\010\013-\037\177'; }
