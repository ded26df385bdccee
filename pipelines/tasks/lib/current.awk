# The plan with what the workloads have now as the image before, for those whose id is `id`. After images.awk; reads the
# workload's one line of workloads.tpl, then the plan.
BEGIN { FS = OFS = "\t" }
FILENAME != plan_file {
  for (i = 18; i <= NF; i++) {
    split($i, part, ":")
    now[part[1], part[3]] = unquoted(substr($i, length(part[1] ":" part[2] ":" part[3]) + 2))
    place[part[1], part[3]] = part[2]
  }
  next
}
$1 == id {
  if (now[$2, $4] == "") exit 1
  $3 = place[$2, $4]
  $5 = now[$2, $4]
}
{ print }
