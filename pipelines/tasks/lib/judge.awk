# How far each workload is. After images.awk; reads plan, workloads, stamps (id, Progressing condition that was there before)
# and, last, the lines of workloads.tpl; `column` of plan is the image that is wanted: 5 before, 6 after. Prints for each
# of `workloads`: id, verdict, text. Verdicts:
#   ready    every pod runs it          later   it is set, and runs when something else happens
#   waiting  not yet                    failed  its controller has given up
#   moved    somebody else has set another image                        gone    it was deleted
BEGIN { FS = OFS = "\t" }
FILENAME == plan_file { want[$1, $2, $4] = $column; next }
FILENAME == workloads_file { id[$2, $3, $4] = $1; ids[$1] = 1; next }
FILENAME == stamps_file { stamp[$1] = $2; next }
($1, $2, $3) in id {
  me = id[$1, $2, $3]
  delete ids[me]
  verdict = ""
  for (i = 18; i <= NF; i++) {
    split($i, part, ":")
    current = substr($i, length(part[1] ":" part[2] ":" part[3]) + 2)
    found[me, part[1], part[3]] = 1
    if ((me, part[1], part[3]) in want && unquoted(current) != want[me, part[1], part[3]] && verdict == "") {
      verdict = "moved"
      text = "somebody else has set " current " on its container " part[3]
    }
  }
  for (key in want) {
    split(key, at, SUBSEP)
    if (at[1] == me && !(key in found) && verdict == "") { verdict = "moved"; text = "its container " at[3] " is no longer there" }
  }
  if (verdict == "") judge()
  print me, verdict, text
}
function judge(    wanted) {
  verdict = "waiting"
  if ($1 == "CronJob") {
    verdict = "later"
    text = $14 == "suspended" ? "it is suspended: the first run after that takes it" : "its next run takes it"
    if ($11 > 0) text = text "; " $11 " that began before go on"
    return
  }
  if ($14 == "paused") { verdict = "later"; text = "it is paused: it rolls out when somebody resumes it"; return }
  if ($6 < $5) { text = "its controller has not seen the change"; return }
  if ($7 == 0) {
    verdict = "later"
    text = $1 == "DaemonSet" ? "no node runs it: the first that does takes it" : "it is scaled to 0: its first pod takes it"
    return
  }
  if ($12 == "OnDelete") {
    if ($8 >= $7 && $9 >= $7) { verdict = "ready"; text = $9 " of " $7 " pods ready"; return }
    verdict = "later"
    text = "its strategy is OnDelete: a pod takes it when somebody deletes the pod (" $8 " of " $7 " have)"
    return
  }
  if ($1 == "Deployment" && $17 ~ /^False:ProgressDeadlineExceeded:/ && $17 != stamp[me]) {
    verdict = "failed"
    text = "its progress deadline is exceeded: " counts($7)
    return
  }
  wanted = $7
  if ($1 == "StatefulSet" && $13 > 0) wanted = $7 > $13 ? $7 - $13 : 0
  text = counts(wanted)
  if ($8 < wanted || $10 < $7) return
  if ($1 == "StatefulSet" && ($9 < $7 || ($13 == 0 && $15 != $16))) return
  if ($1 == "Deployment" && $11 > $8) { text = $8 " of " $7 " pods updated, " $11 - $8 " of the revision before still there"; return }
  verdict = "ready"
  text = $10 " of " $7 " pods ready"
  if ($1 == "StatefulSet" && $13 > 0) text = text "; partition " $13 " keeps the first " ($13 < $7 ? $13 : $7) " as they were"
}
function counts(wanted) { return $8 " of " wanted " pods updated, " $10 " of " $7 " available" }
END { for (me in ids) print me, "gone", "it was deleted" }
