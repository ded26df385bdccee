#include "git/lfs_server.hpp"

#include <chrono>
#include <fmt/format.h>

#include "git/lfs.hpp"
#include "json/value.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// ssh's own failures, and not the command's.
constexpr int ssh_failed = 255;
constexpr std::size_t longest_answer = 64UL << 10U;
constexpr std::chrono::seconds longest_wait{60};

http::Url without_slash(http::Url url) {
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

}  // namespace

std::optional<LfsServer> lfs_server_at(std::string_view address) {
  auto url = http::Url::parse(address);
  if (!url) return std::nullopt;
  url->credentials.reset();
  return LfsServer{without_slash(*std::move(url)), {}};
}

LfsServer moved_lfs_server(const LfsServer& server, const http::Url& batch) {
  constexpr std::string_view suffix = "/objects/batch";
  LfsServer moved{batch, batch.origin == server.url.origin ? server.headers : decltype(server.headers)()};
  moved.url.credentials.reset();
  if (!batch.path.ends_with(suffix)) {
    throw Error(ErrorKind::protocol, {"fetch from", server.url.shown(),
                                      fmt::format("it redirects to {}, which is not a batch API", batch.shown()), ""});
  }
  moved.url.path.resize(batch.path.size() - suffix.size());
  return moved;
}

LfsServer lfs_server_beside(http::Url repository) {
  auto url = without_slash(std::move(repository));
  url.path += url.path.ends_with(".git") ? "/info/lfs" : ".git/info/lfs";
  return {std::move(url), {}};
}

LfsServer parse_lfs_authentication(std::string_view text) {
  constexpr auto name = "the answer of git-lfs-authenticate";
  const auto value = json::parse(text, name);
  auto server = lfs_server_at(json::text_or(value, "href"));
  if (!server) throw Error(ErrorKind::protocol, {"read", name, "it has no http(s) address", ""});
  server->headers = read_lfs_headers(value, name);
  return *std::move(server);
}

LfsServer ask_for_lfs_server(const SshClient& ssh, const SshLocation& repository) {
  const auto command =
      ssh.command(fmt::format("git-lfs-authenticate {} download", quoted_path_for_shell(repository.path)));
  const auto answer = base::run(command, longest_answer, longest_wait);
  if (answer.status.success()) return parse_lfs_authentication(answer.output);
  if (answer.status.code == ssh_failed || answer.status.signal != 0) throw ssh.explain(answer.errors, answer.status);
  std::string_view path = repository.path;
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto url = http::Url::parse(fmt::format("https://{}/{}", repository.host, path));
  if (!url) throw ssh.explain(answer.errors, answer.status);
  return lfs_server_beside(*url);
}

}  // namespace git
