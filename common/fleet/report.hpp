// The report of a put for people: Markdown for a terminal or a merge request, and HTML as one file that needs no
// network, light and dark as the reader's system is. Pure functions of the record.
#pragma once

#include <string>

#include "fleet/record.hpp"

namespace fleet {

[[nodiscard]] std::string report_markdown(const FleetRecord& record);
[[nodiscard]] std::string report_html(const FleetRecord& record);

// What both begin with: "Fleet registry.example.com/acme/fleet:main, put #12".
[[nodiscard]] std::string title_of(const FleetRecord& record);

// The images in three groups, each in the order of its names.
struct ImageGroups {
  std::vector<const FleetImage*> attention;  // failed, or only a build helps
  std::vector<const FleetImage*> changed;
  std::vector<const FleetImage*> others;
};
[[nodiscard]] ImageGroups group(const FleetRecord& record);

// Beside a title: operation, run image, who, when, how long, latency; those that there are, in their order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> facts_of(const FleetRecord& record);

// "patch latency"; of a way back there is no patch.
[[nodiscard]] std::string latency_name(const FleetRecord& record);
// "p50 4.2 s, p95 11 s, from the start of the put to the tag", or from the base's push.
[[nodiscard]] std::string text_of(const Latency& latency);

// "a1b2c3d4e5f6": the digest of "repository@sha256:...", shortened for a table.
[[nodiscard]] std::string short_digest(const std::string& image);

// What is said of an image beside its state: the reason, and which build it needs.
[[nodiscard]] std::string remark_of(const FleetImage& image);

}  // namespace fleet
