# mayfly_library(NAME [LINK dep...]): one folder of src/ is one static library named mayfly_NAME, and its
# *_test.cc files are one test program named NAME_test. The folder may use only what it links.
function(mayfly_library name)
  cmake_parse_arguments(ARG "" "" "LINK;TEST_LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  add_library(mayfly_${name} STATIC ${sources})
  target_link_libraries(mayfly_${name} PUBLIC mayfly_options ${ARG_LINK})

  if(BUILD_TESTING AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE mayfly_${name} ${ARG_TEST_LINK} GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE MAYFLY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS unit)
  endif()
endfunction()
