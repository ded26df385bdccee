# Names of images, for the awk programs beside this file.

# What Go's quotes hold, as far as it is one of an image's characters; else "".
function unquoted(text) {
  text = substr(text, 2, length(text) - 2)
  return text ~ /^[A-Za-z0-9._:\/@+-]+$/ ? text : ""
}

# The repository in full: without tag and digest, and with what docker.io lets people leave out.
function repository(image,    at, host, path) {
  sub(/@.*$/, "", image)
  sub(/:[^:\/]*$/, "", image)
  at = index(image, "/")
  host = at ? substr(image, 1, at - 1) : ""
  path = at ? substr(image, at + 1) : image
  # As Docker reads it: a first part with a dot, a port or a capital is a host.
  if (host !~ /[.:A-Z]/ && host != "localhost") { path = image; host = "docker.io" }
  host = tolower(host)
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io"
  if (host == "docker.io" && path !~ /\//) path = "library/" path
  return host "/" path
}
