// A decorator that shows the progress of labelled requests (Request::label) that take long, in both directions.
#pragma once

#include <memory>

#include "base/log.hpp"
#include "http/client.hpp"

namespace http {

[[nodiscard]] std::unique_ptr<Client> make_progress_showing(std::unique_ptr<Client> inner, base::Log& log);

}  // namespace http
