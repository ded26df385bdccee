// How much of one registry host is used at a time: the one place that says so. The session keeps to it whatever its
// callers do; loops over many requests take their width from here, since more threads would only wait.
#pragma once

#include <cstddef>

namespace registry {

struct HostLimits {
  // Requests that carry no blob. Each waits for a round trip and little else, so many at a time make up for HTTP/1.1,
  // which has one request on a connection; at 24 ms a round trip 300 tags then cost 0.3 s. Connections are made as
  // they are needed and used again.
  std::size_t questions = 32;
  // Blobs on their way, in either direction: a few fill any line.
  std::size_t transfers = 6;
};

}  // namespace registry
