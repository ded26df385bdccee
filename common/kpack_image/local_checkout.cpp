#include "kpack_image/local_checkout.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/letters.hpp"
#include "git/library.hpp"
#include "git/location.hpp"

namespace kpack_image {
namespace {

using ConfigHandle = git::Handle<git_config, git_config_free>;
using StatusHandle = git::Handle<git_status_list, git_status_list_free>;

std::optional<std::string> origin_of(git_repository* repository) {
  ConfigHandle config;
  if (git::made(config, [&](git_config** out) { return git_repository_config_snapshot(out, repository); }) < 0) {
    return std::nullopt;
  }
  const char* url = nullptr;
  if (git_config_get_string(&url, config.get(), "remote.origin.url") < 0 || url == nullptr) return std::nullopt;
  return url;
}

bool is_clean(git_repository* repository) {
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED;
  StatusHandle list;
  const auto code =
      git::made(list, [&](git_status_list** out) { return git_status_list_new(out, repository, &options); });
  return code == 0 && git_status_list_entrycount(list.get()) == 0;
}

// "host/acme/app"; nothing for what is not on a host. A port counts where it is not the protocol's own.
std::optional<std::string> key_of(const std::string& address) {
  std::string host;
  std::string path;
  try {
    const auto location = git::Location::parse(address, "the address");
    if (const auto* url = std::get_if<http::Url>(&location.where)) {
      host = url->authority();
      path = url->path;
    } else if (const auto* ssh = std::get_if<git::SshLocation>(&location.where)) {
      host = base::lowered(ssh->host);
      path = ssh->path;
    } else {
      return std::nullopt;
    }
  } catch (const base::Error&) {
    return std::nullopt;
  }
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  const auto begin = path.find_first_not_of('/');
  if (begin == std::string::npos) return std::nullopt;
  return host + "/" + path.substr(begin);
}

}  // namespace

std::optional<LocalCheckout> clean_checkout(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(directory / ".git", ignored))) return std::nullopt;
  git::initialize_library();
  git::RepositoryHandle repository;
  const auto opened = git::made(repository, [&](git_repository** out) {
    return git_repository_open_ext(out, directory.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  });
  git_oid head;
  if (opened < 0 || git_reference_name_to_id(&head, repository.get(), "HEAD") < 0) return std::nullopt;
  auto origin = origin_of(repository.get());
  if (!origin || !is_clean(repository.get())) return std::nullopt;
  return LocalCheckout{std::move(*origin), git::to_id(head)};
}

bool is_same_repository(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const auto key = key_of(one);
  return key && key == key_of(other);
}

}  // namespace kpack_image
