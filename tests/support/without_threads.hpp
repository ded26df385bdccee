// Runs a function in a process that the system gives no further thread.
#pragma once

#include <functional>
#include <string>

namespace test {

// What `work` returns in a child process whose user may have no more processes (RLIMIT_NPROC; root has no such limit,
// so the child is another user then). "no limit" when threads can be made all the same, "ended by signal N" when the
// child was.
[[nodiscard]] std::string without_threads(const std::function<std::string()>& work);

}  // namespace test
