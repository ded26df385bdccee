// ssh through a HTTP proxy. ssh has a ProxyCommand for that, which a shell reads; so the command is always the same,
// this very program, which finds in a file what to do and hands the connected socket back (ssh_config(5),
// ProxyUseFdpass). No value ever comes near the shell.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.hpp"
#include "git/location.hpp"
#include "http/proxy.hpp"

namespace git {

// Writes the file, and adds to the environment and the settings of an ssh process what makes it use the proxy.
void tunnel_ssh(const http::Tunnel& proxy, const SshLocation& location, const std::filesystem::path& file,
                std::map<std::string, std::string, std::less<>>& environment, std::vector<std::string>& settings);

// Opens the connection and says true when the program was started for one. What goes wrong is one line, which
// read_tunnel_complaint finds among what ssh wrote.
[[nodiscard]] bool answer_ssh_tunnel(const base::Environment& environment, int argc, const char* const* argv,
                                     std::ostream& errors);

struct TunnelComplaint {
  enum class Kind { denied, failed } kind;  // denied: the proxy wants other credentials
  std::string text;
};
[[nodiscard]] std::optional<TunnelComplaint> read_tunnel_complaint(std::string_view errors);

}  // namespace git
