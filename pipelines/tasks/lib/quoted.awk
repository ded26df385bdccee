# What Go's quotes hold, for a person: on one line, bounded.
function plain(text) {
  text = substr(text, 2, length(text) - 2)
  gsub(/\\"/, "\"", text)
  gsub(/\\[nrt]/, " ", text)
  gsub(/\\\\/, "\\", text)
  return substr(text, 1, 600)
}
