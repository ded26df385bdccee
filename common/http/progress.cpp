#include "http/progress.hpp"

#include <optional>

#include "base/number.hpp"

namespace http {
namespace {

std::uint64_t number(std::string_view text) { return base::parse_whole<std::uint64_t>(text).value_or(0); }

// Of what the response brings a part: what came before it, and the whole (RFC 9110, 14.4; 0: it is not known).
struct Extent {
  std::uint64_t before = 0;
  std::uint64_t total = 0;
};

Extent extent_of(const Response& head) {
  // The length is of the compressed bytes, and the sink sees others.
  if (head.headers.get("Content-Encoding")) return {};
  const auto range = head.headers.get("Content-Range").value_or("");
  const auto dash = range.find('-');
  const auto slash = range.find('/');
  if (head.status != 206 || !range.starts_with("bytes ") || dash == std::string::npos || slash == std::string::npos) {
    return {0, number(head.headers.get("Content-Length").value_or(""))};
  }
  return {number(std::string_view(range).substr(6, dash - 6)), number(std::string_view(range).substr(slash + 1))};
}

class CountingSink final : public Sink {
 public:
  CountingSink(std::shared_ptr<Sink> inner, base::Log& log, std::string label)
      : inner_(std::move(inner)), log_(log), label_(std::move(label)) {}
  void restart() override {
    progress_.reset();
    inner_->restart();
  }
  void begin(const Response& head) override {
    const auto extent = extent_of(head);
    progress_.emplace(log_, label_, extent.total);
    progress_->advance(extent.before);
    inner_->begin(head);
  }
  void write(std::string_view bytes) override {
    if (!progress_) progress_.emplace(log_, label_, 0);
    progress_->advance(bytes.size());
    inner_->write(bytes);
  }

 private:
  std::shared_ptr<Sink> inner_;
  base::Log& log_;
  std::string label_;
  std::optional<base::Progress> progress_;
};

class CountingBody final : public Body {
 public:
  CountingBody(std::shared_ptr<Body> inner, base::Log& log, std::string label)
      : inner_(std::move(inner)), log_(log), label_(std::move(label)) {}
  std::uint64_t size() const override { return inner_->size(); }
  void rewind(std::uint64_t offset) override {
    progress_.emplace(log_, label_, size());
    if (offset > 0) progress_->advance(offset);
    inner_->rewind(offset);
  }
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = inner_->read(buffer, capacity);
    if (progress_) progress_->advance(count);
    return count;
  }

 private:
  std::shared_ptr<Body> inner_;
  base::Log& log_;
  std::string label_;
  std::optional<base::Progress> progress_;
};

class ProgressShowingClient final : public Client {
 public:
  ProgressShowingClient(std::unique_ptr<Client> inner, base::Log& log) : inner_(std::move(inner)), log_(log) {}

  Response send(const Request& request) override {
    if (request.label.empty()) return inner_->send(request);
    Request counted = request;
    if (request.sink) counted.sink = std::make_shared<CountingSink>(request.sink, log_, request.label);
    if (request.body) counted.body = std::make_shared<CountingBody>(request.body, log_, request.label);
    return inner_->send(counted);
  }

 private:
  std::unique_ptr<Client> inner_;
  base::Log& log_;
};

}  // namespace

std::unique_ptr<Client> make_progress_showing(std::unique_ptr<Client> inner, base::Log& log) {
  return std::make_unique<ProgressShowingClient>(std::move(inner), log);
}

}  // namespace http
