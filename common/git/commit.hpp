// Commits and annotated tags as git reads them (commit.c, pretty.c, ident.c and tag.c of git): tree, parents and
// message are what matters. Histories hold author lines that are cut, addresses that are missing and dates that are not
// numbers, and git walks over them: a name that cannot be read is empty, and a date is 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/object_id.hpp"

namespace git {

// Who and when; `offset` is in minutes east of UTC.
struct Signature {
  std::string name;
  std::string email;
  std::int64_t time = 0;
  int offset = 0;
};

// Names and message are UTF-8 where the commit declares another encoding that is known here (git/encoding.hpp), else
// the bytes that the commit has.
struct Commit {
  ObjectId id;
  ObjectId tree;
  std::vector<ObjectId> parents;
  Signature author;
  Signature committer;
  std::int64_t date = 0;  // what git orders commits by: the committer's, as far as git finds it
  std::string message;
};

// `content` is the object's, without its header. Error{protocol} where git itself refuses it: without a tree, or with
// parents that are not names of objects.
[[nodiscard]] Commit parse_commit(const ObjectId& id, std::string_view content);

struct Tag {
  ObjectId target;
  std::string name;       // as the object has it
  std::int64_t date = 0;  // 0: it says nothing of it that can be read
};

// Nothing for what git does not take for a tag.
[[nodiscard]] std::optional<Tag> parse_tag(std::string_view content);

// "Ann Author <ann@example.com> 1700000000 +0100", from the outside in, so that a bracket in a name does no harm.
[[nodiscard]] Signature parse_signature(std::string_view line);

}  // namespace git
