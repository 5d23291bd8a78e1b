#include "compat/wagi/modules_toml.h"

#include <gtest/gtest.h>

namespace mayfly::compat::wagi {
namespace {

TEST(ModulesToml, GivesModulesInTheirOrder) {
  const auto modules = parse_modules(R"(default_host = "localhost:3000"

[[module]]
# A comment.
route = "/"
module = "hello.wat"

[[module]]
route = "/hello/..."
module = "file:///srv/hello.wasm"
entrypoint = "ep1"
argv = "ruby ${SCRIPT_NAME} ${ARGS}"
volumes = { "/data" = "/srv/data", "/etc" = "conf" }
allowed_hosts = ["https://api.example.com", "insecure:allow-all"]
http_max_concurrency = 2
bindle_server = "http://127.0.0.1:8080/v1"
repository = "unused"
)",
                                     "modules.toml");
  ASSERT_TRUE(modules) << modules.error().message;
  ASSERT_EQ(modules->size(), 2u);
  const Module& plain = modules->front();
  EXPECT_EQ(plain.where, "modules.toml:3:1");
  EXPECT_EQ(plain.route, "/");
  EXPECT_EQ(plain.path, "hello.wat");
  EXPECT_EQ(plain.entrypoint, "_start");
  EXPECT_FALSE(plain.argv);
  EXPECT_TRUE(plain.allowed_hosts.empty());
  EXPECT_FALSE(plain.http_max_concurrency);
  const Module& full = modules->back();
  EXPECT_EQ(full.route, "/hello/...");
  EXPECT_EQ(full.name, "file:///srv/hello.wasm");
  EXPECT_EQ(full.path, "/srv/hello.wasm");
  EXPECT_EQ(full.entrypoint, "ep1");
  EXPECT_EQ(full.argv, "ruby ${SCRIPT_NAME} ${ARGS}");
  EXPECT_EQ(full.volumes, (std::map<std::string, std::string>{{"/data", "/srv/data"}, {"/etc", "conf"}}));
  EXPECT_EQ(full.allowed_hosts, (std::vector<std::string>{"https://api.example.com", "insecure:allow-all"}));
  EXPECT_EQ(full.http_max_concurrency, 2u);
}

TEST(ModulesToml, NamesThePlaceOfAMistakeAndWhatToDo) {
  const std::string module = "[[module]]\nroute='/a'\nmodule='a.wasm'\n";
  for (const auto& [toml, said] : {
           std::pair<std::string, std::string>{"[[module]]\nroute = = 1", "m.toml:2:"},
           {"", "there is no [[module]]"},
           {"module = []", "there is no [[module]]"},
           {"module = 'a.wasm'", "m.toml:1:10: `module` is not a list: write [[module]]"},
           {"module = ['a.wasm']", "m.toml:1:11: `module` is not a table"},
           {"[module]\nroute = '/'", "`module` is not a list"},
           {"\n[[module]]\nmodule = 'a.wasm'", "m.toml:2:1: [[module]] has no `route`"},
           {"[[module]]\nroute = '/'", "m.toml:1:1: [[module]] has no `module`"},
           {"[[module]]\nroute = 1\nmodule = 'a'", "m.toml:2:9: `route` is not a text"},
           {"[[module]]\nroute = \"/\\u0000\"\nmodule = 'a'", "`route` has a NUL"},
           {module + "entrypoint = 1", "m.toml:4:14: `entrypoint` is not a text"},
           {module + "argv = []", "m.toml:4:8: `argv` is not a text"},
           {module + "volumes = 'x'", "m.toml:4:11: `volumes` is not a table"},
           {module + "volumes = {'/x' = 1}", "m.toml:4:19: `/x` is not a text"},
           {module + "allowed_hosts = 'x'", "`allowed_hosts` is not a list of texts"},
           {module + "allowed_hosts = [1]", "m.toml:4:18: `allowed_hosts` is not a text"},
           {module + "http_max_concurrency = -1", "m.toml:4:24: `http_max_concurrency` is not a whole number"},
           {module + "http_max_concurrency = 4294967296", "`http_max_concurrency` is not a whole number"},
           {"[[module]]\nroute='/'\nmodule='bindle:x/1.0.0'", "m.toml:3:8: `module` is on a bindle server"},
           {"[[module]]\nroute='/'\nmodule='oci:x:1'", "m.toml:3:8: `module` is in an OCI registry"},
       }) {
    const auto modules = parse_modules(toml, "m.toml");
    ASSERT_FALSE(modules) << toml;
    EXPECT_EQ(modules.error().code, ErrorCode::kBadConfig);
    EXPECT_NE(modules.error().message.find(said), std::string::npos) << modules.error().message;
  }
}

}  // namespace
}  // namespace mayfly::compat::wagi
