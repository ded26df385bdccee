#include "kubernetes/client.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/file.hpp"
#include "json/fields.hpp"

namespace kubernetes {
namespace {

using base::Error;
using base::ErrorKind;
using json::Value;

constexpr std::size_t page_size = 500;
constexpr std::uint64_t largest_page = 64ULL << 20U;
// Beyond this a list that expires between two of its pages is given up.
constexpr int most_lists = 5;
// The server ends a watch after this; it says something at least once a minute (bookmarks), so that silence means that
// the connection is lost.
constexpr int watch_seconds = 300;
constexpr std::chrono::seconds longest_silence(100);
// A build may say nothing for minutes.
constexpr std::chrono::seconds longest_log_silence(900);

constexpr std::string_view plain_json = "application/json";
// What knows no tables answers the list itself.
constexpr std::string_view table_json = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
constexpr std::string_view merge_patch_json = "application/merge-patch+json";

class LineSink final : public http::Sink {
 public:
  explicit LineSink(const std::function<void(std::string_view)>& receive) : receive_(receive) {}

  void restart() override { line_.clear(); }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto newline = bytes.find('\n');
      line_ += bytes.substr(0, newline);
      // What wraps an object in an event is a few words.
      constexpr std::size_t wrapping = 4096;
      if (line_.size() > largest_object + wrapping) {
        throw Error(ErrorKind::protocol, {"read", "an event of a watch",
                                          fmt::format("it is larger than {}", base::human_bytes(largest_object)), ""});
      }
      if (newline == std::string_view::npos) return;
      bytes.remove_prefix(newline + 1);
      if (!line_.empty()) receive_(line_);
      line_.clear();
    }
  }

 private:
  const std::function<void(std::string_view)>& receive_;
  std::string line_;
};

class ByteSink final : public http::Sink {
 public:
  explicit ByteSink(const std::function<void(std::string_view)>& receive) : receive_(receive) {}
  void restart() override {}
  void write(std::string_view bytes) override { receive_(bytes); }

 private:
  const std::function<void(std::string_view)>& receive_;
};

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, http::percent_encode(value));
}

std::string query_of(const Selection& selection) {
  std::string query;
  add_parameter(query, "labelSelector", selection.labels);
  add_parameter(query, "fieldSelector", selection.fields);
  return query;
}

std::vector<std::string> cells_of(const Value& row, std::size_t count) {
  std::vector<std::string> result(count);
  const auto* cells = json::find(row, "cells");
  if (cells == nullptr || !cells->is_array()) return result;
  for (std::size_t i = 0; i < std::min(count, cells->size()); ++i) {
    if ((*cells)[i].is_string()) result[i] = (*cells)[i].get<std::string>();
  }
  return result;
}

std::string joined_path(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return fmt::format("{}{}", base, path);
}

}  // namespace

Client::Client(http::Client& http, http::Url server, Caller caller, base::Log& log)
    : http_(http), server_(std::move(server)), caller_(std::move(caller)), log_(log) {}

http::Request Client::request(http::Method method, const std::string& path, const std::string& query) const {
  http::Request request;
  request.method = method;
  request.url = server_;
  request.url.path = joined_path(server_.path, path);
  request.url.query = query;
  request.headers.set("Accept", std::string(plain_json));
  request.body_limit = largest_object;
  return request;
}

http::Request Client::sending(http::Method method, const std::string& path, const Value& body, std::string_view type,
                              const Action& action) const {
  auto text = json::dump(body);
  if (text.size() > largest_object) {
    throw Error(ErrorKind::usage,
                action.report(fmt::format("it would have {}, and a cluster stores no object of more than {}",
                                          base::human_bytes(text.size()), base::human_bytes(largest_object))));
  }
  auto result = request(method, path);
  result.headers.set("Content-Type", std::string(type));
  result.body = http::text_body(std::move(text));
  // Sent a second time, a create finds what the first one made, and a patch with a resourceVersion what it changed:
  // both are conflicts that the caller looks into.
  result.repeatable = true;
  return result;
}

http::Response Client::send(const http::Request& request, const Action& action) {
  auto response = http_.send(request);
  if (response.ok()) return response;
  throw refused(action, response);
}

Error Client::refused(const Action& action, const http::Response& response) {
  if (response.status != 404) return refusal(action, response, caller_, log_.clock().now());
  const auto status = parse_status(response.body);
  if (status && status->names_object) return refusal(action, response, caller_, log_.clock().now());
  return not_served(action, response);
}

// The path is not known: the group is not installed, or serves other versions.
Error Client::not_served(const Action& action, const http::Response& response) {
  const auto made = [&](std::string cause, std::string remedy) {
    return Error(ErrorKind::not_found, action.report(std::move(cause), std::move(remedy))).answered(404);
  };
  if (is_html(response)) return refusal(action, response, caller_, log_.clock().now());
  const auto group = http_.send(request(http::Method::get, group_path(action.resource)));
  if (group.status == 404) {
    // Something that answers 404 to everything is not a Kubernetes API.
    const auto core = http_.send(request(http::Method::get, "/api"));
    if (!core.ok() || is_html(core)) return refusal(action, response, caller_, log_.clock().now());
    return made(fmt::format("the cluster does not know {}", action.resource.group),
                fmt::format("install what serves {}, or check which cluster {} names", action.resource.group,
                            caller_.named_by));
  }
  if (!group.ok()) return refused({Verb::get, action.resource, "", "", ""}, group);
  std::string versions;
  const auto document = read(group, action);
  if (const auto* list = json::find(document, "versions"); list != nullptr && list->is_array()) {
    for (const auto& entry : *list) {
      const auto version = json::text_or(entry, "version");
      // It is served, so something else is not there.
      if (version == action.resource.version) return refusal(action, response, caller_, log_.clock().now());
      versions += (versions.empty() ? "" : ", ") + version;
    }
  }
  return made(
      fmt::format("the cluster does not serve {} in version {}", action.resource.plural, action.resource.version),
      fmt::format("it has {}: {}; install a newer one", action.resource.group, versions));
}

Value Client::read(const http::Response& response, const Action& action,
                   std::span<const std::string_view> without) const {
  return read_answer(response, described(action.resource), fmt::format("check the server of {}", caller_.named_by),
                     without);
}

std::optional<Value> Client::find(const Resource& resource, const std::string& space, const std::string& name) {
  const Action action{Verb::get, resource, space, name, ""};
  const auto response = http_.send(request(http::Method::get, path_of(resource, space, name)));
  if (response.ok()) return read(response, action);
  const auto status = parse_status(response.body);
  if (response.status == 404 && status && status->names_object) return std::nullopt;
  throw refused(action, response);
}

void Client::read_pages(const Action& action, const std::string& query, std::string_view accept,
                        std::span<const std::string_view> without, const std::function<void()>& restart,
                        const std::function<void(Value& page)>& take) {
  std::string token;
  for (int attempt = 1; attempt <= most_lists;) {
    if (token.empty()) restart();
    auto whole_query = query;
    add_parameter(whole_query, "limit", std::to_string(page_size));
    add_parameter(whole_query, "continue", token);
    auto page = request(http::Method::get, path_of(action.resource, action.space), whole_query);
    page.headers.set("Accept", std::string(accept));
    page.body_limit = largest_page;
    const auto response = http_.send(page);
    if (response.status == 410 && !token.empty()) {
      log_.debug("the list expired between two of its pages; listing anew");
      token.clear();
      ++attempt;
      continue;
    }
    if (!response.ok()) throw refused(action, response);
    auto document = read(response, action, without);
    const auto* metadata = json::find(document, "metadata");
    if (metadata == nullptr) throw Error(ErrorKind::protocol, action.report("the answer is not a list"));
    token = json::text_or(*metadata, "continue");
    take(document);
    if (token.empty()) return;
  }
  throw Error(ErrorKind::transient,
              action.report(fmt::format("it expired between its pages {} times", most_lists), "try again later"));
}

Listing Client::list(const Resource& resource, const std::string& space, const Selection& selection,
                     std::span<const std::string_view> without) {
  const Action action{Verb::list, resource, space, "", ""};
  Listing result;
  const auto take = [&](Value& page) {
    if (!page.contains("items")) throw Error(ErrorKind::protocol, action.report("the answer is not a list"));
    result.resource_version = json::text_or(page["metadata"], "resourceVersion");
    // Go writes an empty list as null now and then.
    if (!page["items"].is_array()) return;
    for (auto& item : page["items"]) result.items.push_back(std::move(item));
  };
  read_pages(
      action, query_of(selection), plain_json, without, [&] { result = {}; }, take);
  return result;
}

std::optional<Table> Client::table(const Resource& resource, const std::string& space, const Selection& selection) {
  const Action action{Verb::list, resource, space, "", ""};
  std::optional<Table> result;
  const auto take = [&](const Value& page) {
    const auto* columns = json::find(page, "columnDefinitions");
    const auto* rows = json::find(page, "rows");
    if (columns == nullptr || !columns->is_array()) return;
    if (!result) result.emplace();
    result->columns.clear();
    for (const auto& column : *columns) result->columns.push_back(json::text_or(column, "name"));
    if (rows == nullptr || !rows->is_array()) return;
    for (const auto& row : *rows) result->rows.push_back(cells_of(row, result->columns.size()));
  };
  auto query = query_of(selection);
  add_parameter(query, "includeObject", "None");
  read_pages(
      action, query, table_json, {}, [&] { result.reset(); }, take);
  return result;
}

Value Client::create(const Resource& resource, const std::string& space, const Value& object) {
  const Action action{Verb::create, resource, space, "", ""};
  return read(send(sending(http::Method::post, path_of(resource, space), object, plain_json, action), action), action);
}

Value Client::patch(const Resource& resource, const std::string& space, const std::string& name,
                    const Value& merge_patch) {
  const Action action{Verb::patch, resource, space, name, ""};
  const auto path = path_of(resource, space, name);
  return read(send(sending(http::Method::patch, path, merge_patch, merge_patch_json, action), action), action);
}

void Client::watch(const Resource& resource, const std::string& space, const Selection& selection,
                   const std::string& resource_version, const std::function<void(std::string_view)>& receive,
                   const std::shared_ptr<const base::Cancellation>& cancellation) {
  auto query = query_of(selection);
  add_parameter(query, "watch", "true");
  add_parameter(query, "allowWatchBookmarks", "true");
  add_parameter(query, "resourceVersion", resource_version);
  add_parameter(query, "timeoutSeconds", std::to_string(watch_seconds));
  auto watching = request(http::Method::get, path_of(resource, space), query);
  watching.sink = std::make_shared<LineSink>(receive);
  watching.cancellation = cancellation;
  watching.silence = longest_silence;
  watching.probe = true;
  static_cast<void>(send(watching, {Verb::watch, resource, space, "", ""}));
}

void Client::log(const std::string& space, const std::string& pod, const std::string& container,
                 const std::optional<std::string>& since, const std::function<void(std::string_view)>& receive,
                 const std::shared_ptr<const base::Cancellation>& cancellation) {
  std::string query;
  add_parameter(query, "container", container);
  add_parameter(query, "follow", "true");
  add_parameter(query, "timestamps", "true");
  add_parameter(query, "sinceTime", since.value_or(""));
  auto following = request(http::Method::get, path_of(pods, space, pod, "log"), query);
  following.headers.set("Accept", "*/*");
  following.sink = std::make_shared<ByteSink>(receive);
  following.cancellation = cancellation;
  following.silence = longest_log_silence;
  following.probe = true;
  static_cast<void>(send(following, {Verb::get, pods, space, pod, "log"}));
}

}  // namespace kubernetes
