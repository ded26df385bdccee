#include "source/source.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "git/private_key.hpp"
#include "git/refs.hpp"
#include "source/kind.hpp"

namespace source {
namespace {

constexpr std::uint32_t deepest_version_list = 100'000;

std::string full_branch_name(const std::string& branch) { return "refs/heads/" + branch; }

std::optional<http::Credentials> read_credentials(const SourceFields& fields, git::Location& location) {
  std::optional<http::Credentials> credentials;
  if (auto* url = std::get_if<http::Url>(&location.where)) {
    credentials = url->credentials;
    url->credentials.reset();
  }
  if (!fields.username.empty() || !fields.password.empty()) credentials = {fields.username, fields.password};
  return credentials;
}

// The app is the one login of its host: beside it, others would be used or not, and nobody could tell.
void require_no_other_login(const SourceFields& fields, bool has_credentials) {
  const std::array<std::pair<std::string_view, bool>, 4> others{{
      {"username", !fields.username.empty()},
      {"password", !fields.password.empty()},
      {"private_key", !fields.private_key.empty()},
      {"uri", has_credentials},
  }};
  for (const auto& [name, is_given] : others) {
    if (!is_given) continue;
    json::wrong_value("source.github_app",
                      fmt::format("source.{} {}", name, name == "uri" ? "has credentials, too" : "is given, too"),
                      "give one of them");
  }
}

std::optional<clouds::GithubApp> read_github_app(const SourceFields& fields, const git::Location& location,
                                                 bool has_credentials) {
  if (!fields.github_app) return std::nullopt;
  require_no_other_login(fields, has_credentials);
  const auto* url = std::get_if<http::Url>(&location.where);
  if (url == nullptr) {
    const auto https = git::https_address_of(location);
    json::wrong_value("source.uri", "github_app reads by https, and this is another way",
                      fmt::format("give it as {}", https ? https->text() : "https://HOST/OWNER/NAME"));
  }
  (void)clouds::require_github_repository(*url, "source.uri");
  return clouds::read_github_app(*fields.github_app, "source.github_app");
}

void require_open(const base::Secret& key, const base::Secret& passphrase, const std::string& field) {
  if (!passphrase.empty() || !git::is_locked(key.reveal())) return;
  json::wrong_value(field, "it opens with a passphrase only", fmt::format("give {}_passphrase", field));
}

void require_open_keys(const SourceFields& fields) {
  require_open(fields.private_key, fields.private_key_passphrase, "source.private_key");
  for (std::size_t i = 0; i < fields.submodule_credentials.size(); ++i) {
    const auto& credential = fields.submodule_credentials[i];
    require_open(credential.private_key, credential.private_key_passphrase,
                 fmt::format("source.submodule_credentials[{}].private_key", i));
  }
}

}  // namespace

void describe(json::Fields<CommitFilterFields>& fields) {
  fields.optional(
      "include", &CommitFilterFields::include,
      "list of basic regular expressions. Only commits whose message has a line that one of them matches are versions");
  fields.optional("include_all_match", &CommitFilterFields::include_all_match,
                  "all patterns of `include` must match. Default: false");
  fields.optional("exclude", &CommitFilterFields::exclude,
                  "list of basic regular expressions. Commits whose message has a line that one of them matches are "
                  "left out. Example: `['\\[skip deploy\\]']`");
  fields.optional("exclude_all_match", &CommitFilterFields::exclude_all_match,
                  "a commit is left out only when all patterns of `exclude` match. Default: false");
}

void describe(json::Fields<TunnelFields>& fields) {
  fields.required("proxy_host", &TunnelFields::proxy_host, "the host of the HTTP proxy");
  fields.required("proxy_port", &TunnelFields::proxy_port, "its port");
  fields.optional("proxy_user", &TunnelFields::proxy_user, "the user name at the proxy");
  fields.optional("proxy_password", &TunnelFields::proxy_password, "the password at the proxy");
}

void describe(json::Fields<SubmoduleCredentialFields>& fields) {
  fields.optional("host", &SubmoduleCredentialFields::host,
                  "the host that submodules are fetched from over http(s), without a scheme");
  fields.optional("username", &SubmoduleCredentialFields::username, "the user name there");
  fields.optional("password", &SubmoduleCredentialFields::password, "the password or token there");
  fields.optional("url", &SubmoduleCredentialFields::url,
                  "the URL of a submodule that is fetched over ssh, as `.gitmodules` has it");
  fields.optional("private_key", &SubmoduleCredentialFields::private_key, "the private key for it");
  fields.optional("private_key_passphrase", &SubmoduleCredentialFields::private_key_passphrase,
                  "the passphrase of that key");
}

void describe(json::Fields<GitConfigFields>& fields) {
  fields.required("name", &GitConfigFields::name, "the name of a git setting, as in core.bigFileThreshold");
  fields.required("value", &GitConfigFields::value, "its value");
}

void describe(json::Fields<SourceFields>& fields) {
  constexpr auto other = json::Effect::other;
  fields.required(
      "uri", &SourceFields::uri,
      "the repository: https://host/path, ssh://user@host:port/path, user@host:path, file:///path or an absolute path",
      other);
  fields.optional("branch", &SourceFields::branch,
                  "the branch to follow, or a tag. Default: the branch that the repository's HEAD names");
  fields.optional("username", &SourceFields::username,
                  "the user name for http(s). It is sent to the repository's own origin alone", other);
  fields.optional("password", &SourceFields::password, "the password or token for http(s)", other);
  fields.optional("github_app", &SourceFields::github_app,
                  "a GitHub App that may read the repository, in place of `username` and `password`", other);
  fields.optional("private_key", &SourceFields::private_key, "the private key for ssh", other);
  fields.optional("private_key_user", &SourceFields::private_key_user,
                  "the user name for ssh. Default: the one in `uri`", other);
  fields.optional("private_key_passphrase", &SourceFields::private_key_passphrase, "the passphrase of `private_key`",
                  other);
  fields.optional("forward_agent", &SourceFields::forward_agent,
                  "forward an ssh agent that holds the key to the host. Default: false", other);
  fields.optional("known_hosts", &SourceFields::known_hosts,
                  "the ssh hosts' public keys, as lines of a known_hosts file. Without it a host is trusted at first "
                  "sight, with a warning",
                  other);
  fields.optional("ca_certs", &SourceFields::ca_certs, "list of PEM certificates to trust beside the system's", other);
  fields.optional("skip_ssl_verification", &SourceFields::skip_ssl_verification,
                  "accept any certificate. `ca_certs` is the safer way. Default: false", other);
  fields.optional("https_tunnel", &SourceFields::https_tunnel,
                  "an HTTP proxy that all connections to the repository, ssh included, are tunnelled through", other);
  fields.optional("submodule_credentials", &SourceFields::submodule_credentials,
                  "list of credentials for submodules on other hosts, or with other keys. Each entry has `host`, "
                  "`username` and `password`, or `url` and `private_key`",
                  other);
  fields.optional("git_config", &SourceFields::git_config,
                  "list of git settings that are written to `.git/config` of the checkout", other);
  fields.optional("paths", &SourceFields::paths,
                  "list of pathspecs. Only commits that change a file that one of them matches are versions. `*` "
                  "crosses directories. Example: `[services/shop/*]`");
  fields.optional("ignore_paths", &SourceFields::ignore_paths,
                  "list of pathspecs. Changes of the files that they match do not count");
  fields.optional("sparse_paths", &SourceFields::sparse_paths,
                  "list of patterns as in .gitignore. Only the files that they match are checked out", other);
  fields.optional("tag_filter", &SourceFields::tag_filter,
                  "a glob. Only commits with a tag that it matches are versions. Example: `v1.*`");
  fields.optional("tag_regex", &SourceFields::tag_regex,
                  "an extended regular expression that must match the whole name of a tag. In place of `tag_filter`");
  fields.optional("tag_behaviour", &SourceFields::tag_behaviour,
                  "`match_tagged`: the commits with such a tag. `match_tag_ancestors`: these, and all commits before "
                  "them. Default: `match_tagged`");
  fields.optional("fetch_tags", &SourceFields::fetch_tags,
                  "`true`: all tags are fetched. `false`: none. Default: those of the history that is fetched, and all "
                  "with a tag filter",
                  other);
  fields.optional("disable_ci_skip", &SourceFields::disable_ci_skip,
                  "commits whose message says `[ci skip]` or `[skip ci]` are versions, too. Default: false");
  fields.optional("commit_filter", &SourceFields::commit_filter, "which commits are versions, by their messages");
  fields.optional("version_depth", &SourceFields::version_depth,
                  "the number of versions that a check without a version reports. Default: 1");
  fields.optional(
      "search_remote_refs", &SourceFields::search_remote_refs,
      "a get looks for its version in all refs of the repository, such as Gerrit's refs/changes. Default: false",
      other);
  fields.optional("commit_verification_keys", &SourceFields::commit_verification_keys,
                  "list of public keys, armored OpenPGP or lines of an authorized_keys file. A get fails unless the "
                  "commit is signed by one of them",
                  other);
  fields.optional("debug", &SourceFields::debug, "log each request, without credentials. Default: false", other);
  fields.refused("commit_verification_key_ids", "no key server is asked: give the keys in commit_verification_keys");
  fields.refused("gpg_keyserver", "no key server is asked: give the keys in commit_verification_keys");
  fields.refused("git_crypt_key", "use the git resource for repositories encrypted by git-crypt");
}

std::optional<std::string> read_branch(std::string branch, const std::string& field) {
  while (branch.starts_with(' ')) branch.erase(0, 1);
  if (branch.empty()) return std::nullopt;
  constexpr std::string_view prefix = "refs/heads/";
  if (branch.starts_with(prefix)) branch.erase(0, prefix.size());
  if (!git::is_valid_ref_name(full_branch_name(branch))) {
    json::wrong_value(field, fmt::format("\"{}\" is not the name of a branch", branch));
  }
  return branch;
}

void require_version(const concourse::Version& version) {
  concourse::require_version_keys(version, {{"ref"}, {"ref", "commit"}, {"branch", "ref"}, {"branch", "commit", "ref"}},
                                  kind());
}

Address read_address(const std::string& text, const GitSettings& settings, const std::string& field) {
  auto location = git::Location::parse(settings.rewritten(text), field);
  // Addresses of kinds that are not spoken here ("git://") are there to be replaced.
  auto named = text.starts_with("git://") ? location : git::Location::parse(text, field);
  if (auto* url = std::get_if<http::Url>(&named.where)) url->credentials.reset();
  return {std::move(named), std::move(location)};
}

git::FieldNames field_names() {
  return {.uri = "source.uri",
          .private_key = "source.private_key",
          .private_key_user = "source.private_key_user",
          .private_key_passphrase = "source.private_key_passphrase",
          .known_hosts = "source.known_hosts",
          .https_tunnel = "source.https_tunnel",
          .depth = "params.depth",
          .sparse_paths = "source.sparse_paths",
          .disable_git_lfs = "params.disable_git_lfs"};
}

Source read_source(const json::Value& value) {
  SourceFields fields = json::read<SourceFields>(value, "source");
  auto settings = GitSettings::parse(fields.git_config);
  fields.uri.erase(0, fields.uri.find_first_not_of(' '));  // as the git resource has it
  auto [named, location] = read_address(fields.uri, settings, "source.uri");
  auto credentials = read_credentials(fields, location);
  auto github_app = read_github_app(fields, location, credentials.has_value());
  require_open_keys(fields);
  auto branch = read_branch(fields.branch, "source.branch");
  if (fields.version_depth == 0 || fields.version_depth > deepest_version_list) {
    json::wrong_value("source.version_depth",
                      fmt::format("{} is not from 1 to {}", fields.version_depth, deepest_version_list));
  }
  if (fields.https_tunnel && (fields.https_tunnel->proxy_port == 0 || fields.https_tunnel->proxy_port > 65535)) {
    json::wrong_value("source.https_tunnel.proxy_port",
                      fmt::format("{} is not a port", fields.https_tunnel->proxy_port));
  }
  if (!fields.tag_filter.empty() && !fields.tag_regex.empty()) {
    json::wrong_value("source.tag_regex", "tag_filter is given, too", "give one of them");
  }
  if (!fields.tag_regex.empty()) Pattern(fields.tag_regex, Syntax::extended, "source.tag_regex");
  auto paths = git::Pathspec::parse(fields.paths, fields.ignore_paths, "source.paths", "source.ignore_paths");
  const auto filter = fields.commit_filter.value_or(CommitFilterFields{});
  const auto quantifier = [](bool all) { return all ? Quantifier::all : Quantifier::any; };
  MessageFilter messages{
      PatternList::parse(filter.include, quantifier(filter.include_all_match), "source.commit_filter.include"),
      PatternList::parse(filter.exclude, quantifier(filter.exclude_all_match), "source.commit_filter.exclude"),
      fields.disable_ci_skip ? CiSkip::ignored : CiSkip::honoured};
  return {std::move(fields),     std::move(named),  std::move(location), std::move(settings), std::move(credentials),
          std::move(github_app), std::move(branch), std::move(paths),    std::move(messages)};
}

}  // namespace source

namespace json {
namespace {

const Choices<source::TagBehaviour>& tag_behaviours() {
  static const Choices<source::TagBehaviour> choices{
      {"match_tagged", source::TagBehaviour::match_tagged},
      {"match_tag_ancestors", source::TagBehaviour::match_tag_ancestors},
  };
  return choices;
}

}  // namespace

source::TagBehaviour Type<source::TagBehaviour>::read(const Value& value, const std::string& path) {
  return read_choice(value, path, tag_behaviours());
}
Value Type<source::TagBehaviour>::schema() { return choice_schema(tag_behaviours()); }

}  // namespace json
