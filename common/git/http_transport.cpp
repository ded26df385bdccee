#include "git/http_transport.hpp"

#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "git/http_answer.hpp"
#include "git/pace.hpp"
#include "http/status.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// Enough of a page to tell what it is.
constexpr std::size_t most_of_page = 64UL << 10U;

// Turns the body of a response into packets. What is not of git's type is kept as a page, as far as it says what it is.
class PacketSink final : public http::Sink {
 public:
  PacketSink(PacketReceiver& receiver, std::string_view content_type, std::string shown, const FieldNames& fields)
      : receiver_(receiver), content_type_(content_type), shown_(std::move(shown)), fields_(fields) {}

  void begin(const http::Response& head) override {
    restart();
    type_ = media_type(head);
    page_.clear();
  }

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
    if (is_page()) {
      page_ += bytes.substr(0, most_of_page - page_.size());
      if (page_.size() == most_of_page) throw LongPage();
      return;
    }
    parser_.feed(bytes, [this](const Packet& packet) { receive(packet); });
    if (!receiver_.complete()) require_pace(pace_, patience_, now, shown_, fields_);
  }

  // Ends the transfer of a page that has told enough.
  class LongPage final : public std::exception {};

  [[nodiscard]] bool is_page() const { return type_ != content_type_; }
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] const std::string& page() const { return page_; }

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
  std::string_view content_type_;
  std::string shown_;
  const FieldNames& fields_;
  std::string type_;
  std::string page_;
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
    const auto sink = std::make_shared<PacketSink>(receiver, content_type, shown(), fields_);
    request.sink = sink;
    const http::Response response = [&] {
      try {
        return client_.send(request);
      } catch (const http::Unreachable& error) {
        throw Error(error.kind(), {"read", shown(), error.report().cause,
                                   "check the address, and the worker's network, DNS and proxy settings"});
      } catch (const AnswerError& error) {
        if (error.fault() != Fault::broken) throw;
        throw Error(ErrorKind::protocol, {"read", shown(), error.report().cause, check_address()});
      } catch (const PacketSink::LongPage&) {
        throw not_git(*sink, request.url);
      }
    }();
    if (!response.ok()) throw failure(request, response);
    if (sink->is_page()) throw not_git(*sink, response.url);
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
    const Error error = http::status_error("read", shown(), response, host_says(response), remedy);
    // Only git's own answer can say that an object is missing: here, the repository that was there is gone.
    const bool answered = request.method == http::Method::post && error.kind() == ErrorKind::not_found;
    return {answered ? ErrorKind::protocol : error.kind(), error.report()};
  }

  [[nodiscard]] std::string check_address() const {
    return fmt::format("check that {} is the address of a git repository", fields_.uri);
  }

  [[nodiscard]] Error not_git(const PacketSink& answer, const http::Url& url) const {
    if (answer.type() != "text/html") {
      const std::string type = answer.type().empty() ? "of no type" : answer.type();
      return {ErrorKind::protocol,
              {"read", shown(), fmt::format("the answer is not a git advertisement but {}", type),
               check_address() + ", and that it is served by smart HTTP"}};
    }
    const auto page = describe_page(answer.page(), url);
    const std::string from =
        url.origin == base_.origin && url.path.starts_with(base_.path) ? "" : fmt::format(", from {}", url.shown());
    return {page.asks_to_log_in ? ErrorKind::denied : ErrorKind::protocol,
            {"read", shown(), fmt::format("the answer is {}{}, and not git's", page.shown, from),
             page.asks_to_log_in ? denied_remedy_ + ", and " + check_address() : check_address()}};
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
