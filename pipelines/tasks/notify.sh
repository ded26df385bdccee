#!/bin/sh
# Posts one message, by curl or, where there is none, wget. Whoever writes commits decides what stands in their messages, so
# a commit's words never reach a shell or a format: awk reads them from files and writes JSON.
set -eu
umask 077
export LC_ALL=C
: "${WEBHOOK_URL:?it is empty: the webhook to post to}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The first line of a file in at most 200 bytes of valid UTF-8; nothing where there is no such file.
line_of() {
  [ -f "$1" ] || return 0
  if command -v iconv >/dev/null; then
    head -n 1 "$1" | cut -b 1-200 | iconv -c -f UTF-8 -t UTF-8 || true
  else
    head -n 1 "$1" | tr -d '\200-\377' | cut -b 1-200
  fi
}
printf '%s\n' "${STATUS:-failed}" >"$work/status"
printf '%s\n' "${JOB:-}" >"$work/job"
printf '%s\n' "${JOB_URL:-}" >"$work/url"
line_of source/.git/short_ref >"$work/commit"
line_of source/.git/author >"$work/author"
line_of source/.git/commit_message >"$work/message"

awk -v format="${FORMAT:-slack}" -v directory="$work" '
  function value(name,  line) { getline line < (directory "/" name); return line }
  # RFC 8259, section 7; what a terminal would obey is left out.
  function json(text,  i, c, result) {
    for (i = 1; i <= length(text); i++) {
      c = substr(text, i, 1)
      if (c == "\t") c = " "
      if (c < " " || c == "\177") continue
      result = result (c == "\\" || c == "\"" ? "\\" : "") c
    }
    return "\"" result "\""
  }
  # Where & < > are markup a commit could call everybody (<!channel>), or name another place than its link leads to.
  function plain(text,  i, c, result) {
    if (format != "slack") return text
    for (i = 1; i <= length(text); i++) {
      c = substr(text, i, 1)
      result = result (c == "&" ? "&amp;" : c == "<" ? "&lt;" : c == ">" ? "&gt;" : c)
    }
    return result
  }
  BEGIN {
    if (format != "slack" && format != "json") { print "FORMAT is slack or json" > "/dev/stderr"; exit 1 }
    status = value("status"); job = value("job"); url = value("url")
    commit = value("commit"); author = value("author"); message = value("message")
    text = (format == "slack" && url != "" ? "<" url "|" plain(job) ">" : plain(job)) ": " status
    if (commit != "") text = text ", at " plain(commit) " by " plain(author) ": " plain(message)
    if (format == "slack") { print "{\"text\": " json(text) "}"; exit }
    print "{\"text\": " json(text) ", \"status\": " json(status) ", \"job\": " json(job) ", \"url\": " json(url) \
      ", \"commit\": " json(commit) ", \"author\": " json(author) ", \"message\": " json(message) "}"
  }' >"$work/body"

if command -v curl >/dev/null; then
  # The address is a secret: it comes by stdin, not among the arguments, and curl does not print it. wget takes none by stdin.
  printf 'url = "%s"\n' "$WEBHOOK_URL" | curl --config - --fail --silent --show-error --max-time 30 --retry 2 \
    --header 'Content-Type: application/json' --data-binary "@$work/body" --output /dev/null
else
  wget -q -T 30 -O /dev/null --header 'Content-Type: application/json' --post-file "$work/body" "$WEBHOOK_URL" || {
    echo "the webhook did not take it" >&2
    exit 1
  }
fi
echo "told the webhook: $JOB ${STATUS:-failed}"
