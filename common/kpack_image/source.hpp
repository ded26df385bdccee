// The `source` of the kpack image kind: which Image of which cluster, and what a put needs besides. Names are those of
// the kpack resource where it has them; context, cluster, git and registries are ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "clouds/github_app.hpp"
#include "json/fields.hpp"
#include "kubernetes/connection.hpp"
#include "registry/hosts.hpp"

namespace kpack_image {

// How the Image's git repository is reached to look commits up; kpack has credentials of its own.
struct GitFields {
  bool lookup = true;
  std::string username;
  base::Secret password;
  std::optional<clouds::GithubAppFields> github_app;
  base::Secret private_key;
  std::string private_key_user;
  base::Secret private_key_passphrase;
  std::string known_hosts;
  bool skip_ssl_verification = false;
  std::vector<std::string> ca_certs;
};
void describe(json::Fields<GitFields>& fields);

// As written by the user; read_source() turns it into a Source.
struct SourceFields : kubernetes::ConnectionFields {
  std::string image;
  std::string space;
  std::optional<GitFields> git;
  std::vector<registry::HostFields> registries;
  bool debug = false;
};
void describe(json::Fields<SourceFields>& fields);

struct Source {
  std::string image;
  std::string space;
  kubernetes::Cluster cluster;
  GitFields git;
  std::optional<clouds::GithubApp> github_app;  // of `git`
  std::vector<registry::HostOptions> hosts;
};

// Error{usage} naming the field.
[[nodiscard]] Source read_source(const json::Value& source);

}  // namespace kpack_image
