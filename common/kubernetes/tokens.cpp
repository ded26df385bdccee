#include "kubernetes/tokens.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"

namespace kubernetes {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_token = 64UL << 10U;

class GivenToken final : public http::TokenSource {
 public:
  explicit GivenToken(base::Secret token) : token_(std::move(token)) {}
  base::Secret token() override { return token_; }
  void rejected(const base::Secret& /*token*/) override {}

 private:
  base::Secret token_;
};

class FileToken final : public http::TokenSource {
 public:
  FileToken(std::string path, std::string named_by, base::Clock& clock)
      : path_(std::move(path)), named_by_(std::move(named_by)), clock_(clock) {}

  base::Secret token() override {
    constexpr std::chrono::minutes trusted_for(1);
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady_now();
    if (!token_ || now - read_at_ > trusted_for) {
      token_ = read();
      read_at_ = now;
    }
    return *token_;
  }

  void rejected(const base::Secret& token) override {
    const std::lock_guard lock(mutex_);
    if (token_ == token) token_.reset();
  }

 private:
  [[nodiscard]] base::Secret read() const {
    const auto fail = [&](std::string cause) {
      return Error(ErrorKind::usage, {"read the token file", path_, std::move(cause), "check " + named_by_});
    };
    auto text = base::read_file_if_exists(path_, largest_token);
    if (!text) throw fail("there is no such file in this container");
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
    const bool is_token =
        !text->empty() && std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!is_token) throw fail(text->empty() ? "it is empty" : "it does not hold a token");
    return base::Secret(std::move(*text));
  }

  std::string path_;
  std::string named_by_;
  base::Clock& clock_;
  std::mutex mutex_;
  std::optional<base::Secret> token_;
  base::SteadyTime read_at_;
};

class LoginToken final : public http::TokenSource {
 public:
  LoginToken(std::function<clouds::FetchedToken()> fetch, base::Log& log) : fetch_(std::move(fetch)), log_(log) {}

  // Threads that need a token at the same time wait for the one that fetches it.
  base::Secret token() override {
    const std::lock_guard lock(mutex_);
    const auto now = log_.clock().steady_now();
    if (!token_ || now >= renew_at_) {
      auto fetched = fetch_();
      log_.redact(fetched.token);
      token_ = std::move(fetched.token);
      renew_at_ = now + fetched.lifetime * 9 / 10;
    }
    return *token_;
  }

  void rejected(const base::Secret& token) override {
    const std::lock_guard lock(mutex_);
    if (token_ == token) token_.reset();
  }

 private:
  std::function<clouds::FetchedToken()> fetch_;
  base::Log& log_;
  std::mutex mutex_;
  std::optional<base::Secret> token_;
  base::SteadyTime renew_at_;
};

}  // namespace

std::shared_ptr<http::TokenSource> make_given_token(base::Secret token) {
  return std::make_shared<GivenToken>(std::move(token));
}

std::shared_ptr<http::TokenSource> make_file_token(std::string path, std::string named_by, base::Clock& clock) {
  return std::make_shared<FileToken>(std::move(path), std::move(named_by), clock);
}

std::shared_ptr<http::TokenSource> make_fetched_token(std::function<clouds::FetchedToken()> fetch, base::Log& log) {
  return std::make_shared<LoginToken>(std::move(fetch), log);
}

}  // namespace kubernetes
