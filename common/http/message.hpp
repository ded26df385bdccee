// HTTP requests and responses as values, with bodies that stream in both directions.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancellation.hpp"
#include "http/url.hpp"

namespace http {

// Header fields in their order; names compare without case (RFC 9110, 5.1).
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// What a request sends. It can start again, since a retry, a redirect and an answered challenge send it anew.
class Body {
 public:
  virtual ~Body() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Begins again at `offset` (at most size()).
  virtual void rewind(std::uint64_t offset) = 0;
  // At most `capacity` bytes; 0 only at the end.
  [[nodiscard]] virtual std::size_t read(char* buffer, std::size_t capacity) = 0;
};

[[nodiscard]] std::shared_ptr<Body> text_body(std::string text);
// The bytes [offset, offset + length) of a file; the file is opened at once and must not change.
[[nodiscard]] std::shared_ptr<Body> file_body(const std::string& path, std::uint64_t offset, std::uint64_t length);

enum class Method { get, head, post, put, patch, delete_ };

[[nodiscard]] std::string_view name_of(Method method);
// Whether sending it twice does what sending it once does (RFC 9110, 9.2.2).
[[nodiscard]] bool is_idempotent(Method method);

struct Response {
  int status = 0;
  Headers headers;
  // Without a sink, or when the status is not 2xx: at most body_limit, and 64 KiB of an error's body.
  std::string body;
  Url url;  // the one that answered, after redirects
  // The failure is a passing one and the pause before the next attempt is over (see Request::attempt).
  bool may_be_repeated = false;
  // The log says already that all writers of the host pause (http/pacing.hpp).
  bool pause_is_said = false;

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

// Receives the body of a successful (2xx) response as it arrives. `restart` is called before the first byte and
// again before each repetition of the request: what came before is void.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void restart() = 0;
  // What senders call: for a sink that must know which bytes these are (206 and Content-Range) before it takes them.
  virtual void begin(const Response& /*head*/) { restart(); }
  // Throwing ends the transfer; the exception reaches the sender of the request.
  virtual void write(std::string_view bytes) = 0;
};

// Whether the server may compress what it answers; the sink sees it decompressed. Not for blobs, whose bytes are
// hashed.
enum class Compression { none, accepted };

struct Request {
  Method method = Method::get;
  Url url;
  Headers headers;
  std::shared_ptr<Body> body;  // none: an empty one for POST, PUT and PATCH
  // Without a sink the body of a 2xx response is kept in Response::body, up to `body_limit` bytes; more is an error.
  std::shared_ptr<Sink> sink;
  std::uint64_t body_limit = 4ULL << 20U;
  // A POST that asks and changes nothing (git-upload-pack) may be repeated though its method says otherwise.
  bool repeatable = false;
  // Which attempt this is of a sender that repeats by itself, since its body cannot be sent again as it is: the
  // retrying client makes the pause and leaves the next attempt to the sender.
  std::optional<int> attempt;
  // Where writes of a host wait for their turn (http/pacing.hpp), a question that must stand right before one takes the
  // turn `ahead`, and the write that follows it goes at once: it has `had` its turn.
  enum class Turn { by_method, ahead, had } turn = Turn::by_method;
  // Sent once: whoever asks has another way when there is no answer.
  bool probe = false;
  // The body holds a secret: it goes to the origin of `url` and, by whatever redirect, to no other.
  bool body_is_secret = false;
  // Called with each place that a redirect leads to, before anything is sent there; throws to refuse it.
  std::function<void(const Url& target)> judge_redirect;
  // Ends the transfer, and the pauses between attempts, with base::Cancelled; may be null.
  std::shared_ptr<const base::Cancellation> cancellation;
  // How long nothing may move before the transfer has stalled. A watch is quiet for minutes, a log that is followed
  // trickles: with it no speed is asked for. Nothing: the connection's bounds on silence and speed.
  std::optional<std::chrono::seconds> silence;
  // How long one attempt may take in all; nothing: as long as it moves.
  std::optional<std::chrono::seconds> limit;
  Compression compression = Compression::none;
  // What a person sees moving, when it takes long ("layer 3f2a..."); empty: nothing is shown.
  std::string label;
};

}  // namespace http
