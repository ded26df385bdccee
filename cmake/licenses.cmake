# The licenses of all that a static program has in it, as one file beside our own, and its bill of materials.
# /usr/share/doc is where a root has them.
if(BUILD_SERVICE_STATIC)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  get_property(licensed GLOBAL PROPERTY deps_licensed)
  # What scripts/packages unpacked for another architecture is reached by a link whose name stays.
  set(root "/")
  if(CMAKE_SYSROOT)
    set(root "${CMAKE_SYSROOT}")
  endif()
  # The compiler's and the system's, which the linker finds by itself.
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  foreach(archive IN ITEMS libstdc++.a libgcc.a libc.a)
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" ${flags} "-print-file-name=${archive}"
      OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    cmake_path(NORMAL_PATH path)
    if(NOT CMAKE_SYSROOT OR NOT path MATCHES "^${CMAKE_SYSROOT}/")
      file(REAL_PATH "${path}" path)
    endif()
    list(APPEND licensed "${path}")
  endforeach()
  set(licenses "${PROJECT_BINARY_DIR}/third-party-licenses.txt")
  execute_process(COMMAND "${PROJECT_SOURCE_DIR}/scripts/licenses" --root "${root}" ${licensed}
    OUTPUT_FILE "${licenses}" RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "scripts/licenses failed; its last line above says why")
  endif()
  set(materials "${PROJECT_BINARY_DIR}/programs.cdx.json")
  execute_process(COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/scripts/sbom" --root "${root}"
    programs "${PROJECT_VERSION}" ${licensed}
    OUTPUT_FILE "${materials}" RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "scripts/sbom failed; its last line above says why")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/scripts/licenses" "${PROJECT_SOURCE_DIR}/scripts/sbom")
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${licenses}" "${materials}" DESTINATION usr/share/doc/build-service)
endif()
