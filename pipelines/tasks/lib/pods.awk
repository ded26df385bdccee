# The lines of pods.tpl for a person, at most three pods; the first cause is also written to cause_file. After quoted.awk.
BEGIN { FS = "\t" }
function cause(text) { if (!told) { told = 1; print text > cause_file } }
function after(text) { return text == "" ? "" : ": " text }
function restarted(times) { return times > 0 ? " (restarted " times (times == 1 ? " time)" : " times)") : "" }
$1 == "pod" {
  pods++
  pod = $4
  if (pods > 3) next
  print "  pod " pod " is " plain($5) after(plain($7))
  if (plain($7) != "") cause(pod after(plain($7)))
}
$1 == "container" && pods <= 3 {
  reason = plain($6)
  message = plain($7)
  if ($4 == "waiting") {
    print "    container " $2 " waits" after(reason) after(message) restarted($3)
    if (reason != "" && reason != "ContainerCreating" && reason != "PodInitializing") cause(pod ": container " $2 after(reason))
  } else if ($4 == "terminated") {
    print "    container " $2 " ended with " $5 after(reason) after(message) restarted($3)
    if ($5 != 0) cause(pod ": container " $2 " ended with " $5 (reason == "" ? "" : " (" reason ")"))
  } else {
    print "    container " $2 " runs and is not ready" restarted($3)
    cause(pod ": container " $2 " runs and is not ready")
  }
}
END { if (pods > 3) print "  and " pods - 3 " more pods" }
