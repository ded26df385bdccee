# build_version.hpp, which defines BUILD_SERVICE_VERSION: only what includes it is compiled anew when the version changes.
# Between two releases the commit stands behind the number, as git describes it. Images are made without: their label
# names the commit, and a commit of documents alone leaves every byte of the programs as it was.
option(BUILD_SERVICE_DESCRIBE "Say the commit in --version, where it is not a release's" ON)
set(version_text "${PROJECT_VERSION}")
find_package(Git QUIET)
if(Git_FOUND AND BUILD_SERVICE_DESCRIBE)
  execute_process(COMMAND "${GIT_EXECUTABLE}" -C "${PROJECT_SOURCE_DIR}" describe --tags --always --dirty
    OUTPUT_VARIABLE version_revision OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE version_result ERROR_QUIET)
  if(version_result EQUAL 0 AND NOT version_revision STREQUAL "v${PROJECT_VERSION}")
    string(APPEND version_text " (${version_revision})")
  endif()
endif()
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/generated/build_version.hpp"
  CONTENT "#pragma once\n\n#define BUILD_SERVICE_VERSION \"${version_text}\"\n" @ONLY)
