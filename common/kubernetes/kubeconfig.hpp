// A kubeconfig as people paste it into a pipeline (client-go, tools/clientcmd/api/v1): clusters, users and contexts, of
// which one is used. Only what that one names is judged: a file of many clusters may hold what nobody asks for.
#pragma once

#include <string>

#include "json/value.hpp"
#include "kubernetes/access.hpp"

namespace kubernetes {

// What becomes of the credentials that the file has for the user.
enum class FileCredentials {
  used,
  ignored,  // there are better ones: exec and auth-provider do not matter
};

// `config` is the file's text, or the object that it is when a pipeline holds it as YAML. `context` empty: the file's
// current one, or its only one. Error{usage} below `path`: not YAML, an unknown context, a file where there is none
// (certificate-authority), a program that would have to run (exec, auth-provider), data that are not base64 or not PEM.
[[nodiscard]] Access read_kubeconfig(const json::Value& config, const std::string& context, const std::string& path,
                                     FileCredentials credentials = FileCredentials::used);

}  // namespace kubernetes
