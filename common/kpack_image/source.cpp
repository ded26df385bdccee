#include "kpack_image/source.hpp"

#include "git/private_key.hpp"
#include "kubernetes/names.hpp"

namespace kpack_image {
namespace {

// ssh would ask a terminal that nobody sits at.
void require_open_key(const GitFields& fields) {
  if (!fields.private_key_passphrase.empty() || !git::is_locked(fields.private_key.reveal())) return;
  json::wrong_value("source.git.private_key", "it opens with a passphrase only",
                    "give source.git.private_key_passphrase");
}

std::optional<clouds::GithubApp> read_github_app(const GitFields& fields) {
  if (!fields.github_app) return std::nullopt;
  if (!fields.username.empty() || !fields.password.empty()) {
    json::wrong_value("source.git.github_app", "source.git.username and password are given, too", "give one of them");
  }
  return clouds::read_github_app(*fields.github_app, "source.git.github_app");
}

}  // namespace

void describe(json::Fields<GitFields>& fields) {
  fields.optional("lookup", &GitFields::lookup,
                  "look commits up before kpack is told of them. Set it to false where only the cluster reaches the "
                  "repository. Default: true");
  fields.optional("username", &GitFields::username, "the user name for the repository");
  fields.optional("password", &GitFields::password, "the password or token for the repository");
  fields.optional(
      "github_app", &GitFields::github_app,
      "a GitHub App that may read the repository, in place of `username` and `password`. For GitHub Enterprise "
      "Server its `api` has to be given");
  fields.optional("private_key", &GitFields::private_key, "the private key for a repository that is reached by ssh");
  fields.optional("private_key_user", &GitFields::private_key_user, "the user name at the ssh host");
  fields.optional("private_key_passphrase", &GitFields::private_key_passphrase, "the passphrase of the private key");
  fields.optional("known_hosts", &GitFields::known_hosts, "the ssh host's public keys, as lines of a known_hosts file");
  fields.optional("skip_ssl_verification", &GitFields::skip_ssl_verification,
                  "accept any certificate of the repository. Default: false");
  fields.optional("ca_certs", &GitFields::ca_certs, "list of PEM certificates to trust beside the system's");
}

void describe(json::Fields<SourceFields>& fields) {
  fields.required("image", &SourceFields::image, "the name of the Image");
  fields.optional("namespace", &SourceFields::space, "the Image's namespace. Default: the kubeconfig's");
  kubernetes::describe_connection(fields);
  fields.optional("git", &SourceFields::git, "how a put looks commits up in the Image's git repository");
  fields.optional("registries", &SourceFields::registries,
                  "list of logins at the registries that source images are pushed to");
  fields.optional("debug", &SourceFields::debug, "log each request, without credentials. Default: false");
}

Source read_source(const json::Value& source) {
  const auto fields = json::read<SourceFields>(source, "source");
  kubernetes::require_dns_label(fields.image, "source.image");
  if (fields.git) require_open_key(*fields.git);
  Source result{
      fields.image, fields.space, kubernetes::read_cluster(fields), fields.git.value_or(GitFields()), std::nullopt, {}};
  result.github_app = read_github_app(result.git);
  if (result.space.empty()) result.space = result.cluster.access.default_namespace;
  if (result.space.empty()) json::missing_field("source", "namespace", "the Image's namespace");
  kubernetes::require_dns_label(result.space, "source.namespace");
  result.hosts = registry::to_options(fields.registries);
  return result;
}

}  // namespace kpack_image
