#include "source/submodule_checkout.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "git/submodules.hpp"
#include "source/lfs_checkout.hpp"
#include "source/retrieval.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;

// Deeper than anybody nests them: a repository that is its own submodule ends here.
constexpr int deepest_nesting = 16;

std::string without_slash(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path.starts_with("./") ? path.substr(2) : path;
}

// A tree can name a directory twice, once as a symlink that leads elsewhere.
void require_inside(const std::filesystem::path& root, const std::string& path) {
  std::filesystem::path walked = root;
  for (const auto& component : std::filesystem::path(path)) {
    walked /= component;
    const auto type = std::filesystem::symlink_status(walked).type();
    if (type == std::filesystem::file_type::not_found) return;
    if (type == std::filesystem::file_type::directory) continue;
    throw Error(ErrorKind::protocol,
                {"check out", "submodule " + path, "what the commit has in its place is not a directory", ""});
  }
}

bool is_selected(const git::Submodule& submodule, const SubmoduleSelection& selection) {
  using Mode = SubmoduleSelection::Mode;
  if (selection.mode != Mode::listed) return selection.mode == Mode::all;
  return std::any_of(selection.paths.begin(), selection.paths.end(),
                     [&](const std::string& path) { return without_slash(path) == submodule.path; });
}

class SubmoduleCheckout {
 public:
  SubmoduleCheckout(const Access& root, const Source& source, const InParams& params, concourse::Context& context)
      : root_(root), source_(source), params_(params), context_(context) {}

  void run(git::WorkingCopy& copy, const git::ObjectId& commit, const Access& parent,
           const SubmoduleSelection& selection, int depth) {
    if (selection.mode == SubmoduleSelection::Mode::none) return;
    const auto submodules = git::submodules_of(copy.store(), commit);
    require_listed(submodules, selection);
    std::vector<git::Submodule> chosen;
    for (const auto& submodule : submodules) {
      if (!is_selected(submodule, selection)) continue;
      if (submodule.commit) {
        chosen.push_back(submodule);
      } else {
        context_.log.warning(
            fmt::format(".gitmodules names {}, but the commit has no submodule there", submodule.path));
      }
    }
    git::require_apart(chosen);
    for (const auto& submodule : chosen) {
      if (depth >= deepest_nesting) {
        throw Error(ErrorKind::protocol, {"check out", "submodule " + submodule.path, "they are nested too deep",
                                          "set params.submodule_recursive to false"});
      }
      check_out(copy, submodule, parent, depth);
    }
  }

 private:
  // The same failure, saying which submodule it is of: its path is all that whoever reads it knows of it.
  [[nodiscard]] Error within(const git::Submodule& submodule, const Error& error) const {
    auto report = error.report();
    report.object += fmt::format(" (submodule {})", submodule.path);
    if (error.kind() == ErrorKind::not_found && error.status() == 0) {
      report.remedy = params_.submodule_remote ? fmt::format("check submodule.{}.branch in .gitmodules", submodule.name)
                                               : "push it there, or leave the submodule out by params.submodules";
    }
    return Error(error.kind(), std::move(report)).answered(error.status(), error.code());
  }

  static void require_listed(const std::vector<git::Submodule>& submodules, const SubmoduleSelection& selection) {
    for (std::size_t i = 0; i < selection.paths.size(); ++i) {
      const bool there = std::any_of(submodules.begin(), submodules.end(), [&](const git::Submodule& submodule) {
        return submodule.path == without_slash(selection.paths[i]) && submodule.commit;
      });
      if (there) continue;
      throw Error(ErrorKind::usage, {"check out", "submodule " + selection.paths[i], "the commit has none at that path",
                                     fmt::format("check params.submodules[{}]", i)});
    }
  }

  void check_out(git::WorkingCopy& parent_copy, const git::Submodule& submodule, const Access& parent, int depth) {
    const Access access = access_for(submodule, parent);
    auto connection = connect(access, source_, context_);
    context_.log.info(fmt::format("fetching submodule {} from {}", submodule.path, connection.remote->shown()));
    const auto directory = parent_copy.directory() / submodule.path;
    require_inside(parent_copy.directory(), submodule.path);
    std::filesystem::create_directories(directory);
    git::WorkingCopy copy(directory, parent_copy.git_directory() / "modules" / submodule.name, access.named.text(),
                          field_names());
    const auto field = ".gitmodules of the repository";
    parent_copy.configure(fmt::format("submodule.{}.active", submodule.name), "true", field);
    parent_copy.configure(fmt::format("submodule.{}.url", submodule.name), access.named.text(), field);

    // A submodule is a source of its own, with nothing of the filters.
    Source inner;
    inner.location = access.location;
    InParams inner_params;
    inner_params.depth = params_.depth;
    concourse::Version version{{"ref", submodule.commit->text()}};
    if (params_.submodule_remote) {
      version["ref"] = "HEAD";
      if (!submodule.branch.empty()) inner.branch = submodule.branch == "." ? source_.branch : submodule.branch;
    }
    const auto retrieved = [&] {
      try {
        return retrieve(version, inner, inner_params, *connection.remote, copy.store(), context_.log);
      } catch (const Error& error) {
        throw within(submodule, error);
      }
    }();
    copy.add_fetch_refspec("+refs/heads/*:refs/remotes/origin/*");
    copy.write_refs(retrieved.refs);
    copy.write_shallow(retrieved.shallow);
    copy.check_out(retrieved.commit);
    if (!params_.disable_git_lfs) check_out_lfs(copy, access, connection, source_, context_);
    if (!params_.submodule_recursive) return;
    run(copy, retrieved.commit, access, {SubmoduleSelection::Mode::all, {}}, depth + 1);
  }

  [[nodiscard]] Access access_for(const git::Submodule& submodule, const Access& parent) const {
    const std::string field = fmt::format("submodule.{}.url in .gitmodules", submodule.name);
    const bool relative = submodule.url.starts_with("./") || submodule.url.starts_with("../");
    auto [named, location] = read_address(relative ? parent.named.resolve(submodule.url, field).text() : submodule.url,
                                          source_.settings, field);
    Access access{
        std::move(named), std::move(location), std::nullopt, nullptr, {}, "source.submodule_credentials for it"};
    reach_by_app(access, submodule.url);
    if (std::holds_alternative<git::LocalLocation>(access.location.where) &&
        !std::holds_alternative<git::LocalLocation>(source_.location.where)) {
      // A repository from elsewhere could name any directory of this machine.
      throw Error(ErrorKind::usage, {"check out", "submodule " + submodule.path, "its url is a local path",
                                     "give it an https or ssh url"});
    }
    if (auto* url = std::get_if<http::Url>(&access.location.where)) {
      choose_credentials(access, *url);
      url->credentials.reset();
    } else {
      access.ssh = root_.ssh;
      access.credential_fields = "source.private_key or source.submodule_credentials";
      choose_key(access, submodule.url);
    }
    return access;
  }

  // A GitHub App opens nothing by ssh: what its host has at an ssh address is reached by https, unless a key is given.
  void reach_by_app(Access& access, const std::string& url) const {
    const auto* ssh = std::get_if<git::SshLocation>(&access.location.where);
    const auto* own = std::get_if<http::Url>(&source_.location.where);
    if (!root_.github || ssh == nullptr || own == nullptr || ssh->host != own->origin.host) return;
    const auto& given = source_.fields.submodule_credentials;
    if (std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.url == url; })) return;
    auto https = git::https_address_of(access.location);
    if (!https) return;
    https->origin.port = own->origin.port;
    access.location = {*std::move(https)};
  }

  void choose_credentials(Access& access, const http::Url& url) const {
    const auto* own = std::get_if<http::Url>(&source_.location.where);
    if (own != nullptr && own->origin == url.origin) {
      access.credentials = root_.credentials;
      access.github = root_.github;
      access.credential_fields = root_.credential_fields;
    }
    for (const auto& one : source_.fields.submodule_credentials) {
      if (one.host.empty() || (one.host != url.origin.host && one.host != url.authority())) continue;
      // A password given for a host is not sent to it in the clear, unless the whole source goes that way.
      if (url.origin.scheme != "https" && (own == nullptr || own->origin.scheme != "http")) continue;
      access.credentials = {one.username, one.password};
      access.github = nullptr;
      access.credential_fields = "source.submodule_credentials for host " + one.host;
    }
  }

  void choose_key(Access& access, const std::string& url) const {
    for (const auto& one : source_.fields.submodule_credentials) {
      if (one.url.empty() || one.url != url || one.private_key.empty()) continue;
      access.ssh.private_key = one.private_key;
      access.ssh.passphrase = one.private_key_passphrase;
      access.ssh.user.clear();
    }
  }

  const Access& root_;  // of the repository that has them all
  const Source& source_;
  const InParams& params_;
  concourse::Context& context_;
};

}  // namespace

void check_out_submodules(git::WorkingCopy& copy, const git::ObjectId& commit, const Access& parent,
                          const Source& source, const InParams& params, concourse::Context& context) {
  SubmoduleCheckout(parent, source, params, context).run(copy, commit, parent, params.submodules, 0);
}

}  // namespace source
