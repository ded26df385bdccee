#include "git/http_transport.hpp"

#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "base/letters.hpp"
#include "git/pace.hpp"
#include "http/status.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// Without parameters, and in lower case: proxies add a charset, and types are of any case (RFC 9110, 8.3.1).
std::string media_type(const http::Response& response) {
  const std::string type = response.headers.get("Content-Type").value_or("");
  const std::string plain = base::lowered(std::string_view(type).substr(0, type.find(';')));
  const auto end = plain.find_last_not_of(" \t");
  return plain.substr(0, end == std::string::npos ? 0 : end + 1);
}

// Turns the body of a response into packets.
class PacketSink final : public http::Sink {
 public:
  PacketSink(PacketReceiver& receiver, std::string shown, const FieldNames& fields)
      : receiver_(receiver), shown_(std::move(shown)), fields_(fields) {}

  void restart() override {
    parser_.reset();
    receiver_.restart();
    announced_ = false;
    first_ = true;
    pace_ = Pace(patience_, std::chrono::steady_clock::now());
  }

  void write(std::string_view bytes) override {
    const auto now = std::chrono::steady_clock::now();
    pace_.moved(bytes.size(), now);
    parser_.feed(bytes, [this](const Packet& packet) { receive(packet); });
    if (!receiver_.complete()) require_pace(pace_, patience_, now, shown_, fields_);
  }

  void finish() const {
    parser_.finish();
    if (!receiver_.complete()) {
      throw AnswerError(Fault::cut, "it ended too early");
    }
  }

 private:
  // "# service=git-upload-pack" and a flush stand before the advertisement of older servers (gitprotocol-http).
  void receive(const Packet& packet) {
    const bool announcement = first_ && packet.kind == PacketKind::data && packet.payload.starts_with("# service=");
    first_ = false;
    if (is_sign_of_life(packet)) pace_.at_work();
    if (announcement) {
      announced_ = true;
    } else if (std::exchange(announced_, false) && packet.kind == PacketKind::flush) {
      return;
    } else {
      receiver_.receive(packet);
    }
  }

  PacketReceiver& receiver_;
  std::string shown_;
  const FieldNames& fields_;
  Patience patience_;
  Pace pace_{patience_, std::chrono::steady_clock::now()};
  PacketParser parser_;
  bool first_ = true;
  bool announced_ = false;
};

class HttpTransport final : public Transport {
 public:
  HttpTransport(http::Client& client, http::Url repository, std::string denied_remedy, FieldNames fields)
      : client_(client),
        repository_(std::move(repository)),
        denied_remedy_(std::move(denied_remedy)),
        fields_(std::move(fields)) {
    repository_.credentials.reset();
    while (repository_.path.size() > 1 && repository_.path.ends_with('/')) repository_.path.pop_back();
    base_ = repository_;
  }

  [[nodiscard]] std::string shown() const override { return repository_.shown(); }
  [[nodiscard]] Session session() const override { return Session::stateless; }

  void advertise(PacketReceiver& receiver) override {
    http::Request request;
    request.url = base_;
    request.url.path += "/info/refs";
    request.url.query = "service=git-upload-pack";
    const auto response = send(std::move(request), receiver, "application/x-git-upload-pack-advertisement");
    // A redirected advertisement moves the repository: what follows is asked for where it was found.
    constexpr std::string_view suffix = "/info/refs";
    if (response.url.path.ends_with(suffix)) {
      base_ = response.url;
      base_.query.clear();
      base_.path.resize(base_.path.size() - suffix.size());
    }
  }

  void request(std::string_view body, PacketReceiver& receiver) override {
    http::Request request;
    request.method = http::Method::post;
    request.url = base_;
    request.url.path += "/git-upload-pack";
    request.headers.add("Content-Type", "application/x-git-upload-pack-request");
    request.headers.add("Accept", "application/x-git-upload-pack-result");
    request.body = http::text_body(std::string(body));
    request.repeatable = true;
    send(std::move(request), receiver, "application/x-git-upload-pack-result");
  }

 private:
  http::Response send(http::Request request, PacketReceiver& receiver, std::string_view content_type) {
    request.headers.add("Git-Protocol", "version=2");
    // Refs as text are three times smaller so; a pack is compressed already, and servers leave it alone.
    request.compression = http::Compression::accepted;
    // A packet every few seconds is life, however small (git's uploadpack.keepAlive): the pace is the sink's to judge.
    request.silence = Patience().silence;
    const auto sink = std::make_shared<PacketSink>(receiver, shown(), fields_);
    request.sink = sink;
    const http::Response response = [&] {
      try {
        return client_.send(request);
      } catch (const http::Unreachable& error) {
        throw Error(error.kind(), {"read", shown(), error.report().cause,
                                   "check the address, and the worker's network, DNS and proxy settings"});
      } catch (const AnswerError& error) {
        // A page that is not a git answer fails in the parser first; its type says it better. The type is known only
        // after the transfer, so the sink's error is kept for servers that do not say it.
        if (error.fault() != Fault::broken) throw;
        throw Error(ErrorKind::protocol,
                    {"read", shown(), error.report().cause,
                     fmt::format("check that {} is the address of a git repository", fields_.uri)});
      }
    }();
    if (!response.ok()) throw failure(request, response);
    if (media_type(response) != content_type) throw not_git(response);
    sink->finish();
    return response;
  }

  [[nodiscard]] Error failure(const http::Request& request, const http::Response& response) const {
    std::string remedy;
    if (response.status == 401 || response.status == 403) remedy = denied_remedy_;
    if (response.status == 404) {
      remedy = fmt::format("check {}, and that these credentials may read it: some servers hide what they may not",
                           fields_.uri);
    }
    const Error error = http::status_error("read", shown(), response, "", remedy);
    // Only git's own answer can say that an object is missing: here, the repository that was there is gone.
    const bool answered = request.method == http::Method::post && error.kind() == ErrorKind::not_found;
    return {answered ? ErrorKind::protocol : error.kind(), error.report()};
  }

  [[nodiscard]] Error not_git(const http::Response& response) const {
    return {ErrorKind::protocol,
            {"read", shown(),
             fmt::format("the answer is not a git advertisement but {}",
                         response.headers.get("Content-Type").value_or("of no type")),
             fmt::format("check that {} is the address of a git repository, and that it is served by smart HTTP",
                         fields_.uri)}};
  }

  http::Client& client_;
  http::Url repository_;
  http::Url base_;
  std::string denied_remedy_;
  FieldNames fields_;
};

}  // namespace

std::unique_ptr<Transport> make_http_transport(http::Client& client, http::Url repository, std::string denied_remedy,
                                               FieldNames fields) {
  return std::make_unique<HttpTransport>(client, std::move(repository), std::move(denied_remedy), std::move(fields));
}

}  // namespace git
