# Compiles for arm64 on another machine: cmake --preset release -B build/arm64 -DCMAKE_TOOLCHAIN_FILE=cmake/arm64.cmake
# The compiler is Debian's (scripts/setup --build --cross); the libraries lie where scripts/packages unpacks them.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(BUILD_SERVICE_ARCHITECTURE arm64)

execute_process(COMMAND "${CMAKE_CURRENT_LIST_DIR}/../scripts/dependencies" --architecture arm64 --print-system
  OUTPUT_VARIABLE CMAKE_SYSROOT OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "scripts/dependencies failed; its last line above says why")
endif()
# The compiler brings a libc of its own, which gets no security fixes: that of the packages goes first.
set(libraries "${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu")
foreach(language IN ITEMS C CXX)
  set(CMAKE_${language}_FLAGS_INIT "-B${libraries} -isystem ${CMAKE_SYSROOT}/usr/include/aarch64-linux-gnu -isystem ${CMAKE_SYSROOT}/usr/include")
endforeach()
set(CMAKE_EXE_LINKER_FLAGS_INIT "-L${libraries}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${libraries}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
