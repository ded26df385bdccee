# Which container of which workload gets which image. After images.awk; reads the lines of workloads.tpl.
#   moves       a file of "name as a workload may have it, image", by tabs: those, or a whole repository's one image
#   containers  or, with `image`: these containers, whatever they run
# Writes `plan`: id, group, index, container, image before, image after; and `workloads`: id, kind, namespace, name, uid, how
# many containers change. Prints what keeps it from a plan, and exits 1 then.
BEGIN {
  FS = OFS = "\t"
  named = split(containers, name, " ")
  while (moves != "" && (getline line < moves) > 0) {
    split(line, move, "\t")
    exact[move[1]] = move[2]
    of = repository(move[1])
    if (!((of, move[2]) in seen)) { seen[of, move[2]] = 1; count[of]++; only[of] = move[2] }
  }
}
function target(current,    of) {
  if (current in exact) return exact[current]
  of = repository(current)
  return count[of] == 1 ? only[of] : ""
}
function add(part, current, to) {
  entries++
  entry[entries] = part[1] OFS part[2] OFS part[3] OFS current OFS to
  if (current != to) changes++
}
{
  entries = changes = 0; have = ""
  for (n in wanted) delete wanted[n]
  for (n = 1; n <= named; n++) wanted[name[n]] = 1
  for (i = 18; i <= NF; i++) {
    split($i, part, ":")
    current = unquoted(substr($i, length(part[1] ":" part[2] ":" part[3]) + 2))
    have = have (have == "" ? "" : ", ") part[3]
    if (named && part[3] in wanted) {
      if (current == "") { print part[3] " of " tolower($1) "/" $3 " in " $2 " runs an image whose name is not understood"; bad = 1 }
      else add(part, current, image)
      delete wanted[part[3]]
    } else if (!named && current != "" && (to = target(current)) != "") add(part, current, to)
  }
  for (n in wanted) { print tolower($1) "/" $3 " in " $2 " has no container " n "; it has " have; bad = 1 }
  if (!entries) next
  id++
  for (n = 1; n <= entries; n++) print id, entry[n] > plan
  print id, $1, $2, $3, $4, changes > workloads
}
END { exit bad }
