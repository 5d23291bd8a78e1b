# Every dependency has its line in ARCHITECTURE.md; scripts/bootstrap.sh installs them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers json)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(pugixml REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()

# Asio and Beast are compiled once, in src/net/asio.cc and src/http/beast.cc.
add_library(mayfly_asio INTERFACE)
target_link_libraries(mayfly_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(mayfly_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

# The engine: a static library and the headers of Wasmtime's C API, built by scripts/build_engine.sh.
set(MAYFLY_ENGINE_DIR "" CACHE PATH "Folder with lib/libmayfly_engine.a and include/")
if(NOT EXISTS ${MAYFLY_ENGINE_DIR}/lib/libmayfly_engine.a)
  message(FATAL_ERROR "MAYFLY_ENGINE_DIR holds no engine. Run `make build`, which builds it first.")
endif()
add_library(mayfly_engine STATIC IMPORTED)
set_target_properties(mayfly_engine PROPERTIES IMPORTED_LOCATION ${MAYFLY_ENGINE_DIR}/lib/libmayfly_engine.a)
target_include_directories(mayfly_engine INTERFACE ${MAYFLY_ENGINE_DIR}/include)
target_link_libraries(mayfly_engine INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)

# The allocator of the programs that serve; sanitizers bring their own.
add_library(mayfly_allocator INTERFACE)
if(NOT MAYFLY_SANITIZE)
  find_library(MAYFLY_JEMALLOC NAMES libjemalloc_pic.a REQUIRED)
  target_link_libraries(mayfly_allocator INTERFACE ${MAYFLY_JEMALLOC} Threads::Threads ${CMAKE_DL_LIBS} m)
endif()

find_program(MAYFLY_MOLD mold)
if(MAYFLY_MOLD)  # an incremental link of the 100 MB engine in a second instead of ten
  add_link_options(-fuse-ld=mold)
endif()
