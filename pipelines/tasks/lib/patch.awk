# The JSON patch that sets the images of one workload, from its lines of the plan: `from` and `to` are columns, 5 before and
# 6 after. It tests what it replaces, so that the API server refuses it where somebody else was there in between.
BEGIN { FS = "\t"; printf "[" }
$1 == id && $from != $to {
  path = "/spec/" (kind == "CronJob" ? "jobTemplate/spec/" : "") "template/spec/" $2 "/" $3
  printf "%s{\"op\":\"test\",\"path\":\"%s/name\",\"value\":\"%s\"}", separator, path, $4
  printf ",{\"op\":\"test\",\"path\":\"%s/image\",\"value\":\"%s\"}", path, $from
  printf ",{\"op\":\"replace\",\"path\":\"%s/image\",\"value\":\"%s\"}", path, $to
  separator = ","
}
END { print "]" }
