#include "fleet/record.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/wording.hpp"
#include "registry/reference.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t most_images = 200'000;
constexpr std::size_t most_earlier = 99;
constexpr std::size_t most_entries = 10'000;  // of every other list
constexpr std::size_t longest_text = 4096;

json::Value to_json(const std::vector<packages::Change>& changes) {
  json::Value list = json::Value::array();
  for (const auto& [name, before, now] : changes) list.push_back({{"name", name}, {"old", before}, {"new", now}});
  return list;
}

json::Value to_json(const BaseStep& step) {
  json::Value packages = {{"changed", to_json(step.packages.difference.changed)},
                          {"added", to_json(step.packages.difference.added)},
                          {"removed", to_json(step.packages.difference.removed)}};
  if (!step.packages.unknown.empty()) packages["unknown"] = step.packages.unknown;
  return {{"platform", step.platform},
          {"old", step.before},
          {"new", step.now},
          {"images", step.images},
          {"packages", std::move(packages)}};
}

json::Value to_json(const FleetImage& image) {
  json::Value result = {{"name", image.name()},    {"repository", image.repository}, {"tag", image.tag},
                        {"image", image.image},    {"before", image.before},         {"state", name_of(image.state)},
                        {"reason", image.reason},  {"run_image", image.run_image},   {"build", image.build},
                        {"seconds", image.seconds}};
  if (!image.resource.empty()) result["resource"] = image.resource;
  if (!image.attempted.empty()) result["attempted"] = image.attempted;
  for (const auto& [what, before, now] : image.needs) {
    result["needs_build"].push_back({{"what", what}, {"old", before}, {"new", now}});
  }
  return result;
}

json::Value to_json(const TargetSetting& setting) {
  return {{"kind", kpack::resource_of(setting.target.kind).kind},
          {"name", setting.target.name},
          {"old", json::Value(setting.before)},
          {"new", json::Value(setting.now)}};
}

json::Value to_json(const EarlierPut& put) {
  return {{"number", put.number},       {"fleet", put.fleet},       {"run_image", put.run_image},
          {"operation", put.operation}, {"finished", put.finished}, {"changed", put.changed},
          {"failed", put.failed}};
}

template <class T>
json::Value list_of(const std::vector<T>& elements) {
  json::Value list = json::Value::array();
  for (const auto& element : elements) list.push_back(to_json(element));
  return list;
}

// Reads what was written above, and says what is wrong with anything else.
class Document {
 public:
  explicit Document(const std::string& object) : object_(object) {}

  [[noreturn]] void refuse(std::string cause) const {
    throw Error(ErrorKind::protocol,
                {"read", object_, std::move(cause),
                 "it was altered, or is not of this fleet: set source.fleet.record to another tag"});
  }

  [[nodiscard]] std::string text(const json::Value& value, std::string_view name) const {
    const auto* found = json::find(value, name);
    if (found == nullptr || !found->is_string()) refuse(fmt::format("{} is not text", name));
    const auto& text = found->get_ref<const std::string&>();
    if (text.size() > longest_text) refuse(fmt::format("{} is longer than {} bytes", name, longest_text));
    return base::printable(text, longest_text);
  }

  [[nodiscard]] std::string text_if_any(const json::Value& value, std::string_view name) const {
    return json::find(value, name) == nullptr ? "" : text(value, name);
  }

  [[nodiscard]] std::uint64_t number(const json::Value& value, std::string_view name) const {
    const auto* found = json::find(value, name);
    if (found == nullptr || !found->is_number_unsigned()) refuse(fmt::format("{} is not a whole number", name));
    return found->get<std::uint64_t>();
  }

  [[nodiscard]] double seconds(const json::Value& value, std::string_view name) const {
    const auto* found = json::find(value, name);
    if (found == nullptr || !found->is_number() || found->get<double>() < 0)
      refuse(fmt::format("{} is not a time", name));
    return found->get<double>();
  }

  // "repository@digest"; may be empty.
  [[nodiscard]] std::string image(const json::Value& value, std::string_view name) const {
    auto text = this->text(value, name);
    if (text.empty()) return text;
    try {
      if (registry::Reference::parse(text, name).digest) return text;
    } catch (const Error&) {  // said below
    }
    refuse(fmt::format("{} is not an image by digest", name));
  }

  [[nodiscard]] std::string digest(const json::Value& value, std::string_view name) const {
    auto text = this->text(value, name);
    if (!base::Digest::parse(text)) refuse(fmt::format("{} is not a digest", name));
    return text;
  }

  template <class Take>
  void each(const json::Value& value, std::string_view name, std::size_t most, const Take& take) const {
    const auto* found = json::find(value, name);
    if (found == nullptr || !found->is_array()) refuse(fmt::format("{} is not a list", name));
    if (found->size() > most) refuse(fmt::format("{} has more than {} entries", name, most));
    for (const auto& entry : *found) {
      if (!entry.is_object()) refuse(fmt::format("{} has an entry that is not an object", name));
      take(entry);
    }
  }

 private:
  const std::string& object_;
};

std::vector<packages::Change> read_changes(const Document& document, const json::Value& value, std::string_view name) {
  std::vector<packages::Change> result;
  document.each(value, name, most_entries, [&](const auto& entry) {
    result.push_back({document.text(entry, "name"), document.text(entry, "old"), document.text(entry, "new")});
  });
  return result;
}

BaseStep read_step(const Document& document, const json::Value& value) {
  BaseStep step{document.text(value, "platform"),
                document.text(value, "old"),
                document.text(value, "new"),
                document.number(value, "images"),
                {}};
  const auto* packages = json::find(value, "packages");
  if (packages == nullptr || !packages->is_object()) document.refuse("packages is not an object");
  step.packages = {{read_changes(document, *packages, "changed"), read_changes(document, *packages, "added"),
                    read_changes(document, *packages, "removed")},
                   document.text_if_any(*packages, "unknown")};
  return step;
}

FleetImage read_image(const Document& document, const json::Value& value) {
  FleetImage image;
  image.repository = document.text(value, "repository");
  image.tag = document.text(value, "tag");
  if (!image.tag.empty() && !registry::is_tag(image.tag)) document.refuse("tag is not a tag");
  static_cast<void>(registry::parse_repository(image.repository, "repository"));
  image.image = document.image(value, "image");
  image.before = document.image(value, "before");
  if (json::find(value, "attempted") != nullptr) image.attempted = document.image(value, "attempted");
  for (const auto* text : {&image.image, &image.before, &image.attempted}) {
    if (!text->empty() && !text->starts_with(image.repository + "@")) document.refuse("image is of another repository");
  }
  if (image.tag.empty() && !(image.image.empty() && image.before.empty())) document.refuse("tag is not a tag");
  const auto state = state_named(document.text(value, "state"));
  if (!state) document.refuse(fmt::format("state \"{}\" is not known", document.text(value, "state")));
  image.state = *state;
  image.reason = document.text(value, "reason");
  image.run_image = document.text(value, "run_image");
  image.build = document.number(value, "build");
  image.seconds = document.seconds(value, "seconds");
  image.resource = document.text_if_any(value, "resource");
  if (json::find(value, "needs_build") != nullptr) {
    document.each(value, "needs_build", most_entries, [&](const auto& entry) {
      image.needs.push_back({document.text(entry, "what"), document.text(entry, "old"), document.text(entry, "new")});
    });
  }
  return image;
}

// A way back writes these to a cluster: nothing but what a put sets is taken.
kpack::Settings read_settings(const Document& document, const json::Value& value, std::string_view name,
                              kpack::TargetKind kind) {
  kpack::Settings settings;
  const auto* found = json::find(value, name);
  if (found == nullptr || !found->is_object()) document.refuse(fmt::format("{} is not an object", name));
  for (const auto& [path, setting] : found->items()) {
    const auto type = kpack::settings_of(kind).find(path);
    if (type == kpack::settings_of(kind).end()) continue;  // a later version's
    if (type->second == kpack::SettingType::text) {
      settings[path] = document.text(*found, path);
    } else if (setting.is_array() && setting.size() <= most_entries) {
      settings[path] = setting;
    } else {
      document.refuse(fmt::format("{} is not a list", path));
    }
  }
  return settings;
}

TargetSetting read_target(const Document& document, const json::Value& value) {
  for (const auto kind : {kpack::TargetKind::stack, kpack::TargetKind::store, kpack::TargetKind::builder}) {
    if (document.text(value, "kind") != kpack::resource_of(kind).kind) continue;
    return {{kind, document.text(value, "name")},
            read_settings(document, value, "old", kind),
            read_settings(document, value, "new", kind)};
  }
  document.refuse("what it stands on is not a ClusterStack, ClusterStore or ClusterBuilder");
}

EarlierPut read_earlier(const Document& document, const json::Value& value) {
  return {document.number(value, "number"),  document.digest(value, "fleet"),  document.text(value, "run_image"),
          document.text(value, "operation"), document.text(value, "finished"), document.number(value, "changed"),
          document.number(value, "failed")};
}

// The newest comes first, and each has a number of its own.
void require_order(const Document& document, const FleetRecord& record) {
  auto above = record.number;
  for (const auto& put : record.earlier) {
    if (put.number == 0 || put.number >= above) document.refuse("its list of earlier puts is not in order");
    above = put.number;
  }
}

FleetRecord read_record(const Document& document, const json::Value& value) {
  FleetRecord record;
  record.record = document.text(value, "record");
  record.number = document.number(value, "number");
  record.operation = document.text(value, "operation");
  record.run_image = document.text(value, "run_image");
  record.packages = document.text(value, "packages");
  record.started = document.text(value, "started");
  record.finished = document.text(value, "finished");
  record.seconds = document.seconds(value, "seconds");
  record.started_by = document.text_if_any(value, "started_by");
  record.build_url = document.text_if_any(value, "build_url");
  record.rolled_back_to = document.text_if_any(value, "rolled_back_to");
  if (const auto* target = json::find(value, "target"); target != nullptr && target->is_object()) {
    record.target = read_target(document, *target);
  }
  document.each(value, "bases", most_entries,
                [&](const auto& entry) { record.bases.push_back(read_step(document, entry)); });
  document.each(value, "images", most_images,
                [&](const auto& entry) { record.images.push_back(read_image(document, entry)); });
  document.each(value, "earlier", most_earlier,
                [&](const auto& entry) { record.earlier.push_back(read_earlier(document, entry)); });
  if (const auto* latency = json::find(value, "latency"); latency != nullptr && latency->is_object()) {
    record.latency =
        Latency{document.text(*latency, "since"), document.seconds(*latency, "p50"), document.seconds(*latency, "p95")};
  }
  require_order(document, record);
  return record;
}

}  // namespace

std::uint64_t FleetRecord::count(State state) const {
  return static_cast<std::uint64_t>(
      std::count_if(images.begin(), images.end(), [&](const auto& image) { return image.state == state; }));
}

std::uint64_t FleetRecord::changed() const {
  return static_cast<std::uint64_t>(
      std::count_if(images.begin(), images.end(), [](const auto& image) { return is_change(image.state); }));
}

std::uint64_t FleetRecord::failed() const {
  return static_cast<std::uint64_t>(
      std::count_if(images.begin(), images.end(), [](const auto& image) { return is_failure(image.state); }));
}

std::uint64_t FleetRecord::needing_a_build() const {
  return static_cast<std::uint64_t>(
      std::count_if(images.begin(), images.end(), [](const auto& image) { return !image.needs.empty(); }));
}

json::Value to_json(const FleetRecord& record) {
  json::Value result = {
      {"record", record.record},          {"number", record.number},           {"operation", record.operation},
      {"run_image", record.run_image},    {"packages", record.packages},       {"started", record.started},
      {"finished", record.finished},      {"seconds", record.seconds},         {"bases", list_of(record.bases)},
      {"images", list_of(record.images)}, {"earlier", list_of(record.earlier)}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) result[name] = text;
  };
  add("started_by", record.started_by);
  add("build_url", record.build_url);
  add("rolled_back_to", record.rolled_back_to);
  if (record.target) result["target"] = to_json(*record.target);
  if (const auto& latency = record.latency) {
    result["latency"] = {{"since", latency->since}, {"p50", latency->p50}, {"p95", latency->p95}};
  }
  return result;
}

FleetRecord parse_fleet_record(std::string_view text, const std::string& object) {
  const Document document(object);
  const auto value = json::parse(text, object);
  if (!value.is_object()) document.refuse("it is not an object");
  try {
    return read_record(document, value);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    document.refuse(error.report().cause);  // a name in it is not one
  }
}

void follow(FleetRecord& record, const FleetRecord& previous, const std::string& digest) {
  record.number = previous.number + 1;
  record.earlier = {{previous.number, digest, previous.run_image, previous.operation, previous.finished,
                     previous.changed(), previous.failed()}};
  record.earlier.insert(record.earlier.end(), previous.earlier.begin(), previous.earlier.end());
  if (record.earlier.size() > most_earlier) record.earlier.resize(most_earlier);
}

namespace {}  // namespace

std::string counts_of(const FleetRecord& record) {
  std::string result;
  for (const auto state : states()) {
    const auto count = record.count(state);
    if (count > 0) result += fmt::format("{}{} {}", result.empty() ? "" : ", ", count, meaning_of(state));
  }
  return result.empty() ? "no images" : result;
}

std::string sentence_of(const FleetRecord& record) {
  std::string result = fmt::format("{}: {}", base::counted(record.images.size(), "image"), counts_of(record));
  if (const auto needing = record.needing_a_build(); needing > 0) {
    result += fmt::format("; {} a build", needing == 1 ? "1 needs" : fmt::format("{} need", needing));
  }
  return result;
}

}  // namespace fleet
