// The conversation with one Kubernetes API server (kubernetes.io, "API concepts"): objects as JSON, whose members that
// nobody here knows are kept. Errors: {denied} with the right that is missing and the Role that grants it, or for
// credentials; {not_found} for a kind that the cluster does not serve; {usage} for what it refuses to take; {transient}
// after the retries; {protocol} for what is not a Kubernetes API. Error::status() and code() keep the Status.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cancellation.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "json/value.hpp"
#include "kubernetes/answer.hpp"
#include "kubernetes/refusal.hpp"
#include "kubernetes/resource.hpp"

namespace kubernetes {

// Which objects of a kind: selectors as kubectl has them ("image.kpack.io/image=app", "metadata.name=app").
struct Selection {
  std::string labels;
  std::string fields;
};

struct Listing {
  std::vector<json::Value> items;
  std::string resource_version;  // to watch from
};

// What kubectl shows of objects: a fraction of their size (kubernetes.io, "API concepts", "Receiving resources as
// Tables"). Columns are those that the kind's definition has.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // a cell for each column; empty where it holds no text
};

// The codes of a Status that a caller decides by.
inline constexpr std::string_view already_exists = "AlreadyExists";
inline constexpr std::string_view conflict = "Conflict";

class Client {
 public:
  // `http` is authenticated and follows no redirects (connection.hpp).
  Client(http::Client& http, http::Url server, Caller caller, base::Log& log);

  // Nothing when there is no such object; an Error where there is no such kind.
  [[nodiscard]] std::optional<json::Value> find(const Resource& resource, const std::string& space,
                                                const std::string& name);
  // All that is selected, by as many pages as there are; begun anew where the list changed too much meanwhile (410).
  [[nodiscard]] Listing list(const Resource& resource, const std::string& space, const Selection& selection,
                             std::span<const std::string_view> without = {&managed_fields, 1});
  // Nothing where the server has no tables.
  [[nodiscard]] std::optional<Table> table(const Resource& resource, const std::string& space,
                                           const Selection& selection);
  // Error with code already_exists.
  json::Value create(const Resource& resource, const std::string& space, const json::Value& object);
  // A JSON merge patch (RFC 7396). With metadata.resourceVersion in it: Error with code conflict where the object has
  // changed since.
  json::Value patch(const Resource& resource, const std::string& space, const std::string& name,
                    const json::Value& merge_patch);

  // One connection of a watch: calls `receive` with each line until the server closes it. Broken connections are
  // Error{transient}; nothing is repeated here (watcher.hpp does).
  void watch(const Resource& resource, const std::string& space, const Selection& selection,
             const std::string& resource_version, const std::function<void(std::string_view line)>& receive,
             const std::shared_ptr<const base::Cancellation>& cancellation);

  // One connection to a container's log, which is followed while the container runs (pod_log.hpp repeats it).
  void log(const std::string& space, const std::string& pod, const std::string& container,
           const std::optional<std::string>& since, const std::function<void(std::string_view bytes)>& receive,
           const std::shared_ptr<const base::Cancellation>& cancellation);

  [[nodiscard]] base::Clock& clock() const { return log_.clock(); }

 private:
  [[nodiscard]] http::Request request(http::Method method, const std::string& path,
                                      const std::string& query = "") const;
  [[nodiscard]] http::Request sending(http::Method method, const std::string& path, const json::Value& body,
                                      std::string_view type, const Action& action) const;
  http::Response send(const http::Request& request, const Action& action);
  [[nodiscard]] base::Error refused(const Action& action, const http::Response& response);
  [[nodiscard]] base::Error not_served(const Action& action, const http::Response& response);
  [[nodiscard]] json::Value read(const http::Response& response, const Action& action,
                                 std::span<const std::string_view> without = {&managed_fields, 1}) const;
  // Reads page after page; begun anew from `restart` on where the list changed too much meanwhile.
  void read_pages(const Action& action, const std::string& query, std::string_view accept,
                  std::span<const std::string_view> without, const std::function<void()>& restart,
                  const std::function<void(json::Value& page)>& take);

  http::Client& http_;
  http::Url server_;
  Caller caller_;
  base::Log& log_;
};

}  // namespace kubernetes
