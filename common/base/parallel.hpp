// The same work on many things at once, with a bound on how many threads do it.
#pragma once

#include <cstddef>
#include <functional>

namespace base {

// Calls work(0) ... work(count - 1), at most `width` at a time. After the first exception no further call begins; it is
// thrown once all threads have ended.
void for_each_parallel(std::size_t count, std::size_t width, const std::function<void(std::size_t)>& work);

}  // namespace base
