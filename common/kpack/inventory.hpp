// Everything of a cluster that a change of a stack, a store or a builder may reach: the target itself, the builders,
// their Images and the Images' Builds, listed once and then watched.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "kpack/target.hpp"
#include "kubernetes/client.hpp"

namespace kpack {

using ImageName = std::pair<std::string, std::string>;  // namespace and name

struct Inventory {
  std::optional<TargetObject> target;  // nothing: it is not there
  std::vector<Builder> builders;
  std::map<ImageName, Image> images;
  std::map<ImageName, std::vector<Build>> builds;  // by their Image: the newest few
};

// Where a watch of a listed kind goes on.
struct ListedAt {
  std::string target;
  std::string cluster_builders;
  // By namespace; "" stands for all.
  std::map<std::string, std::string> builders;
  std::map<std::string, std::string> images;
  std::map<std::string, std::string> builds;
};

struct Listed {
  Inventory seen;
  ListedAt at;
};

// `spaces` are the namespaces; {""} is all of them. Of Images those alone that stand on the target are kept, and their
// Builds. Errors as kubernetes::Client has them.
[[nodiscard]] Listed list_inventory(kubernetes::Client& client, const Target& target,
                                    const std::vector<std::string>& spaces);

// The same while time goes by.
class Overview {
 public:
  virtual ~Overview() = default;
  [[nodiscard]] virtual const Inventory& seen() const = 0;
  // Returns when something new was seen, or after `longest`; whether something was. Throws what ended a watch.
  virtual bool wait(std::chrono::milliseconds longest) = 0;
};

// By watches of the API, each on a thread of its own; they end with the overview. Of Images those of `listed` are
// followed.
[[nodiscard]] std::unique_ptr<Overview> watch_inventory(kubernetes::Client& client, const Target& target, Listed listed,
                                                        base::Random& random, base::Log& log);

}  // namespace kpack
