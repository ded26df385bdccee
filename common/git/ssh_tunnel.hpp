// ssh through a HTTP proxy. ssh has a ProxyCommand for that, which a shell reads; so the command is always the same,
// this very program, which finds in a file what to do and hands the connected socket back (ssh_config(5),
// ProxyUseFdpass). No value ever comes near the shell.
#pragma once

#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "base/environment.hpp"
#include "git/location.hpp"
#include "http/proxy.hpp"

namespace git {

// Writes the file, and adds to the environment and the settings of an ssh process what makes it use the proxy.
void tunnel_ssh(const http::Tunnel& proxy, const SshLocation& location, const std::filesystem::path& file,
                std::map<std::string, std::string, std::less<>>& environment, std::vector<std::string>& settings);

// Opens the connection and says true when the program was started for one. What goes wrong is one line that begins with
// `tunnel_complaint`.
[[nodiscard]] bool answer_ssh_tunnel(const base::Environment& environment, int argc, const char* const* argv,
                                     std::ostream& errors);

inline constexpr std::string_view tunnel_complaint = "build-service-tunnel: ";

}  // namespace git
