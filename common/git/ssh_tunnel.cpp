#include "git/ssh_tunnel.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/askpass.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/termination.hpp"
#include "http/tunnel.hpp"
#include "json/value.hpp"

namespace git {
namespace {

constexpr std::string_view variable = "BUILD_SERVICE_TUNNEL_FILE";
constexpr std::string_view program_variable = "BUILD_SERVICE_PROGRAM";
constexpr std::uint16_t usual_port = 22;

// How a line of complaint begins: for the program that started ssh.
constexpr std::string_view denied_mark = "build-service-tunnel denied: ";
constexpr std::string_view failed_mark = "build-service-tunnel failed: ";

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

// As ssh's mm_receive_fd takes it: one byte, and the descriptor with it.
void hand_over(int descriptor) {
  char byte = 0;
  struct iovec part {
    &byte, 1
  };
  alignas(struct cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  struct msghdr message {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  if (sendmsg(STDOUT_FILENO, &message, 0) != 1) throw base::system_error("hand over", "the connection", errno);
}

}  // namespace

void tunnel_ssh(const http::Tunnel& proxy, const SshLocation& location, const std::filesystem::path& file,
                std::map<std::string, std::string, std::less<>>& environment, std::vector<std::string>& settings) {
  json::Value value{{"host", proxy.host},
                    {"port", std::to_string(proxy.port)},
                    {"target_host", location.host},
                    {"target_port", std::to_string(location.port.value_or(usual_port))}};
  if (proxy.credentials) {
    value["username"] = proxy.credentials->username;
    value["password"] = std::string(proxy.credentials->password.reveal());
  }
  base::write_file(file, json::dump(value), 0600);
  environment[std::string(variable)] = file.string();
  environment[std::string(program_variable)] = base::askpass_program();
  settings.emplace_back("ProxyUseFdpass=yes");
  settings.emplace_back(R"(ProxyCommand="$BUILD_SERVICE_PROGRAM" tunnel)");
}

bool answer_ssh_tunnel(const base::Environment& environment, int argc, const char* const* argv, std::ostream& errors) {
  const auto file = environment.get(variable);
  // ssh asks for a passphrase in the same environment, with the question as its argument.
  if (!file || argc != 2 || std::string_view(argv[1]) != "tunnel") return false;
  try {
    base::watch_for_termination();
    const auto value = json::parse(base::read_file_if_exists(*file, 64UL * 1024).value_or(""), "the proxy's file");
    http::Tunnel proxy{json::text_or(value, "host"), port_of(json::text_or(value, "port")), std::nullopt};
    if (json::find(value, "username") != nullptr) {
      proxy.credentials = {json::text_or(value, "username"), base::Secret(json::text_or(value, "password"))};
    }
    const auto port = port_of(json::text_or(value, "target_port"));
    hand_over(http::open_tunnel(proxy, json::text_or(value, "target_host"), port).get());
  } catch (const base::Error& error) {
    errors << (error.kind() == base::ErrorKind::denied ? denied_mark : failed_mark) << error.what() << std::endl;
  } catch (const std::exception& error) {
    errors << failed_mark << error.what() << std::endl;
  }
  return true;
}

std::optional<TunnelComplaint> read_tunnel_complaint(std::string_view errors) {
  using Kind = TunnelComplaint::Kind;
  for (const auto& [mark, kind] : {std::pair(denied_mark, Kind::denied), std::pair(failed_mark, Kind::failed)}) {
    const auto begin = errors.find(mark);
    if (begin == std::string_view::npos) continue;
    const auto line = errors.substr(begin + mark.size());
    return TunnelComplaint{kind, std::string(line.substr(0, line.find('\n')))};
  }
  return std::nullopt;
}

}  // namespace git
