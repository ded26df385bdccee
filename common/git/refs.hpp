// Refs as a server lists them (gitprotocol-v2, "ls-refs"). Names are checked by git's own rules (git-check-ref-format)
// before anything else sees them: they become files below .git and parts of messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/object_id.hpp"

namespace git {

struct RemoteRef {
  std::string name;
  ObjectId id;
  std::optional<ObjectId> peeled;              // what an annotated tag points at
  std::optional<std::string> symbolic_target;  // of HEAD: "refs/heads/main"

  // The commit, for a ref that names one.
  [[nodiscard]] const ObjectId& commit() const { return peeled ? *peeled : id; }
  friend bool operator==(const RemoteRef&, const RemoteRef&) = default;
};

using RemoteRefs = std::vector<RemoteRef>;

// A full name ("refs/heads/main", "HEAD") that can be stored safely: no control characters, blanks, "..", "@{",
// components that start with '.' or end with ".lock".
[[nodiscard]] bool is_valid_ref_name(std::string_view name);

// One line of a ls-refs answer. Nothing for an unborn HEAD and for names that git itself would refuse;
// Error{protocol} for a line of another form, and Error{usage} for an object name of SHA-256.
[[nodiscard]] std::optional<RemoteRef> parse_ref_line(std::string_view line);

[[nodiscard]] const RemoteRef* find_ref(const RemoteRefs& refs, std::string_view name);

}  // namespace git
