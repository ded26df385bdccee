#include "http/redirecting.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int most_redirects = 10;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

class RedirectingClient final : public Client {
 public:
  explicit RedirectingClient(std::unique_ptr<Client> inner) : inner_(std::move(inner)) {}

  Response send(const Request& original) override {
    Response response = inner_->send(original);
    if (!is_redirect(response.status)) return response;
    Request request = original;
    for (int count = 0; is_redirect(response.status); ++count) {
      const auto location = response.headers.get("Location");
      if (!location) return response;
      if (count == most_redirects) {
        throw Error(ErrorKind::protocol,
                    {"open", original.url.shown(), fmt::format("it redirects more than {} times", most_redirects), ""});
      }
      follow(request, *location, response.status);
      response = inner_->send(request);
    }
    return response;
  }

 private:
  static void follow(Request& request, const std::string& location, int status) {
    const auto target = request.url.resolve(location);
    if (!target) refuse(request, "it redirects to what is not an http(s) URL");
    if (request.url.origin.scheme == "https" && target->origin.scheme == "http") {
      refuse(request, fmt::format("it redirects to {}, which is not encrypted", target->shown()),
             "use the address it redirects to by https, or report it to the server's owner");
    }
    // 303 always, 301 and 302 by old custom, turn into GET (RFC 9110, 15.4).
    const bool keeps_method = status == 307 || status == 308 || request.method == Method::head;
    const bool becomes_get = !keeps_method && request.method != Method::get;
    if (target->origin != request.url.origin) {
      if (request.body_is_secret) {
        refuse(request, fmt::format("it redirects what holds a secret to another host, {}", target->shown()),
               "report it to the server's owner");
      }
      for (const auto* name : {"Authorization", "Cookie", "Proxy-Authorization"}) request.headers.remove(name);
    }
    if (request.judge_redirect) request.judge_redirect(*target);
    request.url = *target;
    request.url.credentials.reset();
    if (!becomes_get) return;
    request.method = Method::get;
    request.body = nullptr;
    request.headers.remove("Content-Type");
  }

  [[noreturn]] static void refuse(const Request& request, std::string cause, std::string remedy = "") {
    throw Error(ErrorKind::protocol, {"open", request.url.shown(), std::move(cause), std::move(remedy)});
  }

  std::unique_ptr<Client> inner_;
};

}  // namespace

std::unique_ptr<Client> make_redirecting(std::unique_ptr<Client> inner) {
  return std::make_unique<RedirectingClient>(std::move(inner));
}

}  // namespace http
