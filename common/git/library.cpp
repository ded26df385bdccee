#include "git/library.hpp"

#include <array>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "git/bounds.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t window_size = 16UL << 20U;
constexpr std::size_t most_mapped = 256UL << 20U;

struct Library {
  Library() {
    bound_libgit2();
    git_libgit2_init();
    // What a HOME or /etc holds must not change what a step does (GIT_CONFIG, safe.directory, templates).
    for (const int level :
         {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
    // Inputs of a pipeline belong to whoever made them.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    // The indexer has named each object by its bytes: to hash them again at each reading costs as much as inflating.
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    // Windows on packs count as memory while they are mapped: by itself libgit2 maps gigabytes.
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, window_size);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, most_mapped);
    // No object is made here. What an index entry names is read all the same, when its file is written.
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
  }
};

}  // namespace

void initialize_library() { static const Library library; }

void require(int code, std::string action, std::string object) {
  if (code >= 0) return;
  base::throw_if_terminated();
  if (auto refusal = take_refusal(); !refusal.empty()) {
    throw Error(ErrorKind::protocol, {std::move(action), std::move(object), std::move(refusal), ""});
  }
  const git_error* last = git_error_last();
  const std::string cause = last != nullptr && last->message != nullptr ? last->message : "libgit2 gives no reason";
  const bool machine = last == nullptr || last->klass == GIT_ERROR_OS || last->klass == GIT_ERROR_NOMEMORY ||
                       last->klass == GIT_ERROR_FILESYSTEM || last->klass == GIT_ERROR_THREAD;
  // libgit2 keeps no errno, only what the system calls it.
  const bool full = cause.find("No space left") != std::string::npos;
  throw Error(machine ? ErrorKind::internal : ErrorKind::protocol,
              {std::move(action), std::move(object), cause,
               full ? "free disk space on the worker, or give the step a larger volume" : ""});
}

std::optional<RawObject> read_object(git_odb* odb, const ObjectId& id) {
  const git_oid oid = to_oid(id);
  if (git_odb_exists_ext(odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH) != 1) return std::nullopt;
  RawObject::ObjectHandle object;
  require(made(object, [&](git_odb_object** out) { return git_odb_read(out, odb, &oid); }), "read",
          "object " + id.text());
  return RawObject(std::move(object));
}

git_oid to_oid(const ObjectId& id) {
  git_oid oid;
  git_oid_fromstrn(&oid, id.text().data(), id.text().size());
  return oid;
}

ObjectId to_id(const git_oid& oid) {
  std::array<char, GIT_OID_SHA1_HEXSIZE + 1> text{};
  git_oid_tostr(text.data(), text.size(), &oid);
  const auto id = ObjectId::parse(text.data());
  if (!id) throw Error(ErrorKind::protocol, {"read", "an object's name", "it is null", ""});
  return *id;
}

}  // namespace git
