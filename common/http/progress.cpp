#include "http/progress.hpp"

#include <optional>

namespace http {
namespace {

class CountingSink final : public Sink {
 public:
  CountingSink(std::shared_ptr<Sink> inner, base::Log& log, std::string label)
      : inner_(std::move(inner)), log_(log), label_(std::move(label)) {}
  void restart() override {
    progress_.reset();
    inner_->restart();
  }
  void begin(const Response& head) override {
    progress_.reset();
    inner_->begin(head);
  }
  void write(std::string_view bytes) override {
    // The total is unknown here: the length of the response reaches no sink.
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
