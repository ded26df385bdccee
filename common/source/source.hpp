// The `source` of the source kind: which repository and branch, which of its commits are versions, and how it is
// reached. The fields are those of the git resource, so that a pipeline can change its type; `ca_certs`, `known_hosts`
// and `github_app` are ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "clouds/github_app.hpp"
#include "concourse/version.hpp"
#include "git/field_names.hpp"
#include "git/location.hpp"
#include "git/pathspec.hpp"
#include "http/url.hpp"
#include "json/fields.hpp"
#include "source/git_settings.hpp"
#include "source/message_filter.hpp"

namespace source {

struct CommitFilterFields {
  std::vector<std::string> include;
  bool include_all_match = false;
  std::vector<std::string> exclude;
  bool exclude_all_match = false;
};
void describe(json::Fields<CommitFilterFields>& fields);

struct TunnelFields {
  std::string proxy_host;
  std::uint32_t proxy_port = 0;
  std::string proxy_user;
  base::Secret proxy_password;
};
void describe(json::Fields<TunnelFields>& fields);

struct SubmoduleCredentialFields {
  std::string host;
  std::string username;
  base::Secret password;
  std::string url;
  base::Secret private_key;
  base::Secret private_key_passphrase;
};
void describe(json::Fields<SubmoduleCredentialFields>& fields);

struct GitConfigFields {
  std::string name;
  std::string value;
};
void describe(json::Fields<GitConfigFields>& fields);

enum class TagBehaviour { match_tagged, match_tag_ancestors };

// As written by the user; read_source() turns it into a Source.
struct SourceFields {
  std::string uri;
  std::string branch;
  base::Secret private_key;
  std::string private_key_user;
  base::Secret private_key_passphrase;
  bool forward_agent = false;
  std::string known_hosts;
  std::string username;
  base::Secret password;
  std::optional<clouds::GithubAppFields> github_app;
  std::vector<SubmoduleCredentialFields> submodule_credentials;
  bool skip_ssl_verification = false;
  std::vector<std::string> ca_certs;
  std::optional<TunnelFields> https_tunnel;
  std::vector<GitConfigFields> git_config;
  std::vector<std::string> paths;
  std::vector<std::string> ignore_paths;
  std::string tag_filter;
  std::string tag_regex;
  TagBehaviour tag_behaviour = TagBehaviour::match_tagged;
  bool disable_ci_skip = false;
  std::optional<CommitFilterFields> commit_filter;
  std::uint32_t version_depth = 1;
  std::vector<std::string> sparse_paths;
  std::optional<bool> fetch_tags;
  bool search_remote_refs = false;
  std::vector<std::string> commit_verification_keys;
  bool debug = false;
};
void describe(json::Fields<SourceFields>& fields);

struct Source {
  SourceFields fields;
  git::Location named;     // source.uri, without credentials: what .git/config has, and where relative addresses begin
  git::Location location;  // where that is reached (url.<base>.insteadOf in source.git_config)
  GitSettings settings;
  std::optional<http::Credentials> credentials;  // from username and password, or from the URI
  std::optional<clouds::GithubApp> github_app;   // instead of them; then `location` is a repository of GitHub by https
  std::optional<std::string> branch;             // without "refs/heads/"
  git::Pathspec paths;
  MessageFilter messages;

  [[nodiscard]] bool has_tag_filter() const { return !fields.tag_filter.empty() || !fields.tag_regex.empty(); }
};

// A repository's address as it is named, without credentials, and the one that it is reached by, with those that it
// has.
struct Address {
  git::Location named;
  git::Location location;
};
// Error{usage} naming the field.
[[nodiscard]] Address read_address(const std::string& text, const GitSettings& settings, const std::string& field);

// A branch's name without "refs/heads/"; nothing for an empty text. Error{usage} naming the field.
[[nodiscard]] std::optional<std::string> read_branch(std::string text, const std::string& field);

// Versions are {ref}, of tags {ref, commit}, and pinned ones may say a branch as well. Error{usage} for any other.
void require_version(const concourse::Version& version);

// As git's errors call the fields of this kind.
[[nodiscard]] git::FieldNames field_names();

// Error{usage} naming the field.
[[nodiscard]] Source read_source(const json::Value& source);

}  // namespace source

namespace json {

template <>
struct Type<source::TagBehaviour> {
  static source::TagBehaviour read(const Value& value, const std::string& path);
  static Value schema();
};

}  // namespace json
