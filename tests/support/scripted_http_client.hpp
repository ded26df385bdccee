// A whole HTTP world in memory: answers are given in their order, requests are kept to be looked at.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "http/client.hpp"

namespace test {

class ScriptedHttpClient final : public http::Client {
 public:
  // A response whose body ends too early.
  struct Cut {
    http::Response response;
    std::exception_ptr failure;
  };
  using Answer = std::variant<http::Response, std::exception_ptr, Cut>;

  // What is seen of a request; bodies are read whole.
  struct Seen {
    http::Method method;
    std::string url;
    http::Headers headers;
    std::string body;
  };

  void answer(int status, http::Headers headers = {}, std::string body = "") {
    answers_.emplace_back(http::Response{status, std::move(headers), std::move(body), {}});
  }
  template <class E>
  void fail(const E& error) {
    answers_.emplace_back(std::make_exception_ptr(error));
  }

  template <class E>
  void cut(std::string body, const E& error) {
    answers_.emplace_back(Cut{http::Response{200, {}, std::move(body), {}}, std::make_exception_ptr(error)});
  }

  http::Response send(const http::Request& request) override;

  std::vector<Seen> seen;
  std::vector<bool> probes;  // of each request: whether it was sent once only, with little time
  [[nodiscard]] std::size_t left() const { return answers_.size(); }

 private:
  std::deque<Answer> answers_;
};

// The same client behind a pointer that a decorator owns.
class ForwardingClient final : public http::Client {
 public:
  explicit ForwardingClient(http::Client& target) : target_(target) {}
  http::Response send(const http::Request& request) override { return target_.send(request); }

 private:
  http::Client& target_;
};

}  // namespace test
