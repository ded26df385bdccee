#include <fmt/format.h>

#include "fleet/report.hpp"

namespace fleet {
namespace {

// Colours are held apart by more than hue, and by 4.5:1 at least on their ground, light and dark (WCAG 2.1, 1.4.3).
constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --faint: #57606a; --line: #d0d7de; --panel: #f6f8fa;
  --good: #116329; --bad: #a40e26; --warn: #7d4e00; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --faint: #9aa4af; --line: #30363d;
  --panel: #161b22; --good: #56d364; --bad: #ff8580; --warn: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.sentence { font-size: 1.1rem; margin: 0 0 1rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; margin: 0 0 1.2rem; list-style: none; }
.tiles li { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .4rem .8rem; }
.tiles b { display: block; font-size: 1.3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 14rem; }
td.state { white-space: nowrap; font-weight: 600; }
td code { white-space: nowrap; overflow-wrap: normal; }
td.reason { overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
ul.packages { columns: 22rem; margin: .3rem 0; padding-left: 1.2rem; }
summary { cursor: pointer; color: var(--faint); }
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string_view class_of(const FleetImage& image) {
  if (is_failure(image.state)) return "bad";
  if (is_change(image.state)) return image.needs.empty() ? "good" : "warn";
  const bool looked_at = image.state == State::moved || image.state == State::not_rebasable ||
                         image.state == State::no_base || image.state == State::pinned || !image.needs.empty();
  return looked_at ? "warn" : "";
}

std::string digest_cell(const std::string& image) {
  if (image.empty()) return "<td></td>";
  return fmt::format("<td><code title=\"{}\">{}</code></td>", escaped(image), escaped(short_digest(image)));
}

std::string table_of(const std::vector<const FleetImage*>& images) {
  std::string out =
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Image<th scope=\"col\">From<th scope=\"col\">To"
      "<th scope=\"col\">State<th scope=\"col\">Reason<th scope=\"col\">Time</tr></thead><tbody>\n";
  for (const auto* image : images) {
    out += fmt::format(
        "<tr><td class=\"name\">{}</td>{}{}<td class=\"state {}\">{}</td><td "
        "class=\"reason\">{}</td><td>{}</td></tr>\n",
        escaped(image->name()), digest_cell(image->before),
        digest_cell(image->image == image->before ? "" : image->image), class_of(*image), name_of(image->state),
        escaped(remark_of(*image)), image->seconds > 0 ? fmt::format("{:.1f} s", image->seconds) : "");
  }
  return out + "</tbody></table></div>\n";
}

void write_section(std::string& out, std::string_view heading, const std::vector<const FleetImage*>& images) {
  if (images.empty()) return;
  out += fmt::format("<h2>{} ({})</h2>\n{}", heading, images.size(), table_of(images));
}

void write_packages(std::string& out, const FleetRecord& record) {
  for (const auto& step : record.bases) {
    out += fmt::format("<h2>The patch for {}</h2>\n<p><code>{}</code> to <code>{}</code>, {}</p>\n",
                       escaped(step.platform), escaped(step.before.empty() ? "an older base" : step.before),
                       escaped(step.now), step.images == 1 ? "1 image" : fmt::format("{} images", step.images));
    if (!step.packages.unknown.empty()) {
      out += fmt::format("<p>Which packages it changes is not known: {}</p>\n", escaped(step.packages.unknown));
      continue;
    }
    const auto lines = packages::lines_of(step.packages.difference);
    if (lines.empty()) {
      out += "<p>It changes no package.</p>\n";
      continue;
    }
    out += "<ul class=\"packages\">\n";
    for (const auto& line : lines) out += fmt::format("<li>{}</li>\n", escaped(line));
    out += "</ul>\n";
  }
}

void write_others(std::string& out, const std::vector<const FleetImage*>& images) {
  if (images.empty()) return;
  out +=
      fmt::format("<h2>As they were ({})</h2>\n<details{}><summary>every image that was left</summary>\n{}</details>\n",
                  images.size(), images.size() <= 20 ? " open" : "", table_of(images));
}

void write_history(std::string& out, const FleetRecord& record) {
  if (record.earlier.empty()) return;
  out +=
      "<h2>Before</h2>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Put<th scope=\"col\">What"
      "<th scope=\"col\">Finished<th scope=\"col\">Moved<th scope=\"col\">Failed<th scope=\"col\">Record</tr></thead>"
      "<tbody>\n";
  for (const auto& put : record.earlier) {
    out += fmt::format("<tr><td>#{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
                       put.number, escaped(put.operation), escaped(put.finished), put.changed, put.failed,
                       escaped(put.fleet));
  }
  out += "</tbody></table></div>\n";
}

std::string tiles_of(const FleetRecord& record) {
  std::string out = "<ul class=\"tiles\">\n";
  for (const auto state : states()) {
    const auto count = record.count(state);
    if (count > 0) out += fmt::format("<li><b>{}</b>{}</li>\n", count, meaning_of(state));
  }
  if (const auto needing = record.needing_a_build(); needing > 0) {
    out += fmt::format("<li><b>{}</b>needing a build</li>\n", needing);
  }
  return out + "</ul>\n";
}

std::string facts_list(const FleetRecord& record) {
  std::string out = "<dl>\n";
  for (const auto& [name, value] : facts_of(record)) {
    const bool link = name == "build" && (value.starts_with("https://") || value.starts_with("http://"));
    const auto text = escaped(value);
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name,
                       link ? fmt::format("<a rel=\"noreferrer\" href=\"{}\">{}</a>", text, text) : text);
  }
  return out + "</dl>\n";
}

}  // namespace

std::string report_html(const FleetRecord& record) {
  const auto title = escaped(title_of(record));
  // Nothing is loaded and nothing runs, whatever a name or a reason holds.
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<h1>{}</h1>\n<p class=\"sentence\">{}</p>\n",
      title, style, title, escaped(sentence_of(record)));
  const auto groups = group(record);
  out += tiles_of(record) + facts_list(record);
  write_section(out, "For a person to look at", groups.attention);
  write_packages(out, record);
  write_section(out, "Moved", groups.changed);
  write_others(out, groups.others);
  write_history(out, record);
  return out + "</body>\n</html>\n";
}

}  // namespace fleet
