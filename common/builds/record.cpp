#include "builds/record.hpp"

#include "base/error.hpp"

namespace builds {
namespace {

using base::Error;

std::uint64_t number_or_zero(const json::Value& object, std::string_view name) {
  const auto* value = json::find(object, name);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

double seconds_or_zero(const json::Value& object, std::string_view name) {
  const auto* value = json::find(object, name);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

template <class Visit>
void for_each(const json::Value& object, std::string_view name, const Visit& visit) {
  const auto* list = json::find(object, name);
  if (list == nullptr || !list->is_array()) return;
  for (const auto& element : *list) visit(element);
}

json::Value history(const std::vector<EarlierBuild>& builds) {
  json::Value list = json::Value::array();
  for (const auto& build : builds) {
    list.push_back({{"number", build.number},
                    {"image", build.image},
                    {"record", build.record},
                    {"reasons", build.reasons},
                    {"finished", build.finished}});
  }
  return list;
}

}  // namespace

json::Value to_json(const BuildRecord& record) {
  json::Value changes = json::Value::array();
  for (const auto& change : record.changes) {
    changes.push_back({{"reason", name_of(change.reason)}, {"old", change.before}, {"new", change.now}});
  }
  json::Value phases = json::Value::array();
  for (const auto& phase : record.phases) {
    phases.push_back({{"name", phase.name}, {"seconds", phase.seconds}, {"cpu", phase.cpu}});
  }
  json::Value value = {{"number", record.number},
                       {"status", record.status},
                       {"kind", record.kind},
                       {"image", record.image},
                       {"tag", record.tag},
                       {"reasons", names_of(record.changes)},
                       {"changes", std::move(changes)},
                       {"commit", record.origin.commit},
                       {"source", record.origin.repository},
                       {"commit_url", record.origin.page},
                       {"builder", record.builder},
                       {"run_image", record.run_image},
                       {"build_url", record.build_url},
                       {"started", record.started},
                       {"finished", record.finished},
                       {"seconds", record.seconds},
                       {"phases", std::move(phases)},
                       {"layers", record.layers},
                       {"layers_reused", record.reused},
                       {"uploaded", record.uploaded},
                       {"size", record.size},
                       {"earlier", history(record.earlier)}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) value[name] = text;
  };
  add("engine", record.engine);
  add("fleet", record.fleet);
  add("subject", record.origin.subject);
  add("author", record.origin.author);
  add("author_url", record.origin.author_page);
  add("files", record.files);
  return value;
}

std::optional<BuildRecord> parse_build_record(std::string_view text) {
  json::Value value;
  try {
    value = json::parse(text, "the build record");
  } catch (const Error&) {
    return std::nullopt;
  }
  BuildRecord record;
  record.number = number_or_zero(value, "number");
  if (record.number == 0) return std::nullopt;
  record.status = json::text_or(value, "status", status::success);
  record.kind = json::text_or(value, "kind");
  record.engine = json::text_or(value, "engine");
  record.fleet = json::text_or(value, "fleet");
  record.files = json::text_or(value, "files");
  record.image = json::text_or(value, "image");
  record.tag = json::text_or(value, "tag");
  for_each(value, "changes", [&](const auto& entry) {
    const auto reason = reason_named(json::text_or(entry, "reason"));
    if (reason) record.changes.push_back({*reason, json::text_or(entry, "old"), json::text_or(entry, "new")});
  });
  record.origin = {json::text_or(value, "commit"),  json::text_or(value, "source"), json::text_or(value, "commit_url"),
                   json::text_or(value, "subject"), json::text_or(value, "author"), json::text_or(value, "author_url")};
  record.builder = json::text_or(value, "builder");
  record.run_image = json::text_or(value, "run_image");
  record.build_url = json::text_or(value, "build_url");
  record.started = json::text_or(value, "started");
  record.finished = json::text_or(value, "finished");
  record.seconds = seconds_or_zero(value, "seconds");
  for_each(value, "phases", [&](const auto& entry) {
    record.phases.push_back(
        {json::text_or(entry, "name"), seconds_or_zero(entry, "seconds"), seconds_or_zero(entry, "cpu")});
  });
  record.layers = number_or_zero(value, "layers");
  record.reused = number_or_zero(value, "layers_reused");
  record.uploaded = number_or_zero(value, "uploaded");
  record.size = number_or_zero(value, "size");
  for_each(value, "earlier", [&](const auto& entry) {
    record.earlier.push_back({number_or_zero(entry, "number"), json::text_or(entry, "image"),
                              json::text_or(entry, "record"), json::text_or(entry, "reasons"),
                              json::text_or(entry, "finished")});
  });
  return record;
}

std::string digest_in(const std::string& image) {
  const auto at = image.rfind('@');
  return at == std::string::npos ? image : image.substr(at + 1);
}

}  // namespace builds
