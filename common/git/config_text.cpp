#include "git/config_text.hpp"

#include <git2/sys/config.h>

#include "git/library.hpp"

namespace git {
namespace {

using ConfigHandle = Handle<git_config, git_config_free>;
using IteratorHandle = Handle<git_config_iterator, git_config_iterator_free>;

}  // namespace

std::vector<std::pair<std::string, std::string>> read_config_text(const std::string& text, const std::string& object) {
  initialize_library();
  ConfigHandle config;
  require(made(config, [](git_config** out) { return git_config_new(out); }), "read", object);
  git_config_backend* backend = nullptr;
  require(git_config_backend_from_string(&backend, text.data(), text.size(), nullptr), "read", object);
  // A backend that is not taken, for its text is not a configuration, stays ours.
  const int code = git_config_add_backend(config.get(), backend, GIT_CONFIG_LEVEL_APP, nullptr, 1);
  if (code < 0) backend->free(backend);
  require(code, "read", object);
  IteratorHandle iterator;
  require(made(iterator, [&](git_config_iterator** out) { return git_config_iterator_new(out, config.get()); }), "read",
          object);
  std::vector<std::pair<std::string, std::string>> settings;
  git_config_entry* entry = nullptr;
  while (git_config_next(&entry, iterator.get()) == 0) {
    settings.emplace_back(entry->name, entry->value == nullptr ? "" : entry->value);
  }
  return settings;
}

}  // namespace git
