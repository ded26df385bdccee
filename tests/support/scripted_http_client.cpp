#include "support/scripted_http_client.hpp"

#include <array>
#include <stdexcept>

namespace test {

http::Response ScriptedHttpClient::send(const http::Request& request) {
  std::string body;
  if (request.body) {
    request.body->rewind(0);
    std::array<char, 4096> buffer{};
    while (const std::size_t count = request.body->read(buffer.data(), buffer.size()))
      body.append(buffer.data(), count);
  }
  probes.push_back(request.probe && request.limit);
  seen.push_back({request.method, request.url.text(), request.headers, body});
  if (answers_.empty()) throw std::logic_error("no answer was scripted for " + request.url.text());
  Answer answer = std::move(answers_.front());
  answers_.pop_front();
  if (auto* error = std::get_if<std::exception_ptr>(&answer)) std::rethrow_exception(*error);
  auto* cut = std::get_if<Cut>(&answer);
  auto response = cut != nullptr ? cut->response : std::get<http::Response>(std::move(answer));
  response.url = request.url;
  if (request.sink && response.ok()) {
    request.sink->begin(response);
    request.sink->write(response.body);
    response.body.clear();
  }
  if (cut != nullptr) std::rethrow_exception(cut->failure);
  return response;
}

}  // namespace test
