# Warnings are errors in our own code, and only there: third-party headers are system headers.
add_library(mayfly_options INTERFACE)
target_compile_options(mayfly_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror)
target_include_directories(mayfly_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(mayfly_options INTERFACE MAYFLY_VERSION="${PROJECT_VERSION}")

set(MAYFLY_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")
if(MAYFLY_SANITIZE)
  target_compile_options(mayfly_options INTERFACE -fsanitize=${MAYFLY_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(mayfly_options INTERFACE -fsanitize=${MAYFLY_SANITIZE})
  if(MAYFLY_SANITIZE STREQUAL thread)  # Asio has a fence that this sanitizer does not follow, and gcc says so
    target_compile_options(mayfly_options INTERFACE -Wno-tsan)
  endif()
endif()
# Designated initialisers leave out what has a default; gcc 12 reports false overflows inside the standard library once inlined.
target_compile_options(mayfly_options INTERFACE -Wno-missing-field-initializers -Wno-restrict
  -Wno-maybe-uninitialized -Wno-stringop-overflow)
