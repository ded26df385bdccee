#include "git/http_answer.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

http::Response refusal(int status, const std::string& type, const std::string& body) {
  http::Response response;
  response.status = status;
  response.headers.add("content-type", type);
  response.body = body;
  return response;
}

http::Url url(const std::string& text) { return *http::Url::parse(text); }

}  // namespace

TEST_CASE("a type is compared without parameters and case") {
  CHECK(git::media_type(refusal(200, "Text/HTML ; charset=utf-8", "")) == "text/html");
  CHECK(git::media_type(http::Response()).empty());
}

TEST_CASE("what a host says in plain text with a refusal is shown on one line") {
  for (const int status : {401, 403, 404, 410, 451}) {
    CHECK(git::host_says(
              refusal(status, "text/plain; charset=utf-8", "Repository unavailable\r\n\r\n  due to a takedown.\n")) ==
          "Repository unavailable due to a takedown.");
  }
  CHECK(git::host_says(refusal(403, "text/html", "<p>no</p>")).empty());
  CHECK(git::host_says(refusal(500, "text/plain", "panic")).empty());
  CHECK(git::host_says(refusal(403, "text/plain", "")).empty());
}

TEST_CASE("what a host says is bounded and drives no terminal") {
  CHECK(git::host_says(refusal(403, "text/plain", "a\x1b[31mb\x01")) == "a?[31mb?");
  CHECK(git::host_says(refusal(403, "text/plain", std::string(65536, 'x'))).size() < 320);
  CHECK(git::host_says(refusal(403, "text/plain", std::string(65536, ' '))).empty());
}

TEST_CASE("a page is told by its title, and one to log in by its form or its address") {
  CHECK(git::describe_page("<html><head><TITLE>\n Welcome </TITLE>", url("https://git.example/app")).shown ==
        "a web page (\"Welcome\")");
  const auto form =
      git::describe_page("<title>Sign in</title><input type=\"password\">", url("https://git.example/app"));
  CHECK(form.asks_to_log_in);
  CHECK(form.shown == "a login page (\"Sign in\")");
  CHECK(git::describe_page("", url("https://git.example/users/sign_in")).asks_to_log_in);
  CHECK(git::describe_page("", url("https://git.example/app")).shown == "a web page");
  for (const char* odd : {"<title", "<title>", "</title>", "</title><title>", "<title></title>", ">"}) {
    CHECK(git::describe_page(odd, url("https://git.example/app")).shown == "a web page");
  }
}
