#!/bin/sh
# Gives every Deployment whose container comes from an image that the put moved its new digest, waits for all of them,
# and takes back each one that does not become ready, with what the cluster says of it. Needs sh, awk and kubectl.
#
# Which image is meant follows from fleet/changed.tsv (name, before, after): the one that the container runs by digest, or
# names by tag, or, where the put moved one image of the container's repository alone, that one.
set -eu
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
KUBECONFIG=$work/kubeconfig
export KUBECONFIG
printf '%s\n' "$KUBECONFIG_YAML" >"$KUBECONFIG"

cluster=${CLUSTER:-the cluster}
if [ ! -s fleet/changed.tsv ]; then
  echo "the put moved no image: nothing to roll out to $cluster"
  exit 0
fi

columns='{range .items[*]}{.metadata.namespace}{"\t"}{.metadata.name}{range .spec.template.spec.containers[*]}{"\t"}{.name}{"="}{.image}{end}{"\n"}{end}'
if [ -z "${NAMESPACES:-}" ]; then
  kubectl get deployments --all-namespaces -o "jsonpath=$columns" >"$work/deployments"
else
  for namespace in $NAMESPACES; do
    kubectl get deployments --namespace "$namespace" -o "jsonpath=$columns" >>"$work/deployments"
  done
fi

# namespace, Deployment, container=image ...
awk -F '\t' -v OFS='\t' '
  function repository(image) { sub(/@sha256:[0-9a-f]+$/, "", image); sub(/:[^:\/]*$/, "", image); return image }
  FNR == NR {
    after[$1] = $3; after[$2] = $3
    of = repository($1); moved[of]++; only[of] = $3
    next
  }
  {
    line = ""
    for (i = 3; i <= NF; i++) {
      at = index($i, "="); container = substr($i, 1, at - 1); image = substr($i, at + 1); of = repository(image)
      to = image in after ? after[image] : (moved[of] == 1 ? only[of] : "")
      if (to != "" && to != image) line = line OFS container "=" to
    }
    if (line != "") print $1, $2 line
  }' fleet/changed.tsv "$work/deployments" >"$work/rollouts"

if [ ! -s "$work/rollouts" ]; then
  echo "no Deployment of $cluster runs an image that the put moved"
  exit 0
fi

tab=$(printf '\t')
while IFS="$tab" read -r namespace name images; do
  echo "$cluster: $namespace/$name: $images"
  # One word for each container: neither names nor images hold blanks.
  # shellcheck disable=SC2086
  kubectl --namespace "$namespace" set image "deployment/$name" $(printf '%s' "$images" | tr '\t' ' ')
done <"$work/rollouts"

failed=
while IFS="$tab" read -r namespace name _; do
  k() { kubectl --namespace "$namespace" "$@"; }
  if k rollout status "deployment/$name" --timeout="${TIMEOUT:-5m}"; then continue; fi
  failed="$failed $namespace/$name"
  echo "$cluster: $namespace/$name did not become ready; what the cluster says:"
  k describe "deployment/$name" || true
  k get pods -o 'jsonpath={range .items[*]}{.metadata.name}{range .status.containerStatuses[*]}{" "}{.name}{": "}{.state.waiting.reason}{" "}{.state.waiting.message}{end}{"\n"}{end}' || true
  echo "$cluster: $namespace/$name goes back"
  k rollout undo "deployment/$name"
  k rollout status "deployment/$name" --timeout="${TIMEOUT:-5m}" || true
done <"$work/rollouts"

count=$(awk 'END { print NR }' "$work/rollouts")
if [ -n "$failed" ]; then
  echo "$cluster: of $count Deployments these did not become ready, and were taken back:$failed"
  exit 1
fi
echo "$cluster: $count Deployments run what the put moved"
