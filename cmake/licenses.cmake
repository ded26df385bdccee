# The licenses of all that a static program has in it, as one file beside our own. /usr/share/doc is where a root has them.
if(BUILD_SERVICE_STATIC)
  get_property(licensed GLOBAL PROPERTY deps_licensed)
  # The compiler's and the system's, which the linker finds by itself.
  foreach(archive IN ITEMS libstdc++.a libgcc.a libc.a)
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" "-print-file-name=${archive}"
      OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    file(REAL_PATH "${path}" path)
    list(APPEND licensed "${path}")
  endforeach()
  set(licenses "${PROJECT_BINARY_DIR}/third-party-licenses.txt")
  execute_process(COMMAND "${PROJECT_SOURCE_DIR}/scripts/licenses" ${licensed}
    OUTPUT_FILE "${licenses}" RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "scripts/licenses failed; its last line above says why")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/licenses")
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${licenses}" DESTINATION usr/share/doc/build-service)
endif()
