# The lines of events.tpl for a person: the last eight, of the object `name`. After quoted.awk.
BEGIN { FS = "\t" }
{ line[NR] = "  event of " name ": " plain($1) ": " plain($2) ($3 > 1 ? " (" $3 " times)" : "") }
END { for (n = NR > 8 ? NR - 7 : 1; n <= NR; n++) print line[n] }
