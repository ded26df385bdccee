// How a kind of resource calls the fields that the errors of this folder ask its user to check. A field that a kind
// does not have keeps the plain name: its kind never sets what such an error is about.
#pragma once

#include <string>

namespace git {

struct FieldNames {
  std::string uri = "the repository's address";
  std::string private_key = "the private key";
  std::string private_key_user = "the user";
  std::string private_key_passphrase = "the key's passphrase";
  std::string known_hosts = "the known hosts";
  std::string https_tunnel = "the tunnel";
  std::string depth = "a depth";
  std::string sparse_paths = "sparse paths";
  std::string disable_git_lfs = "disable_git_lfs";
};

}  // namespace git
