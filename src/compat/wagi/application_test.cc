#include "compat/wagi/application.h"

#include "base/text.h"
#include "base/unique_fd.h"
#include "sandbox/test_guests.h"
#include "storage/memory_storage.h"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace mayfly::compat::wagi {
namespace {

class ApplicationTest : public ::testing::Test {
 protected:
  static Module module_of(const std::string& route, const std::string& guest) {
    Module module;
    module.where = "m.toml:1:1";
    module.route = route;
    module.name = guest;
    module.path = MAYFLY_SOURCE_DIR "/tests/guests/" + guest + ".wat";
    return module;
  }

  Result<Application> load(const std::vector<Module>& modules) {
    return load_application(modules, {{"A", "1"}}, {**engine_, deployer_, log_});
  }
  Error mistake(const Module& module) {
    const auto loaded = load({module});
    EXPECT_FALSE(loaded);
    return loaded ? Error{} : loaded.error();
  }

  // Each route with its entry point, in order.
  static std::string listed(const registry::RouteTable& table) {
    std::string text;
    for (const registry::Route& route : table.routes()) {
      text += route.text + "=" + (route.function ? (*route.function)->facts().entry.name : "error") + " ";
    }
    return text;
  }

  Result<std::unique_ptr<sandbox::Engine>> engine_ = sandbox::Engine::create({.slots = 4});
  storage::MemoryStorage storage_;
  registry::Registry registry_;
  metrics::Book book_;
  sandbox::vfs::Volumes volumes_;
  UniqueFd sink_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  Log log_{sink_.get()};
  Result<std::unique_ptr<source::Sources>> sources_ = source::Sources::open(**engine_, "", log_);
  deploy::Deployer deployer_{{**engine_, storage_, registry_, book_, volumes_, **sources_}, 1};
};

TEST_F(ApplicationTest, PutsDynamicRoutesBeforeTheirModuleTheLastFirst) {
  const auto application = load({module_of("/parent/...", "wagi"), module_of("/other", "cat"), module_of("/", "wagi")});
  ASSERT_TRUE(application) << application.error().message;
  EXPECT_EQ(listed(application->routes),
            "/parent/wildcard/deep/...=on_exact /parent/main=_start /parent/wildcard/...=on_wildcard "
            "/parent/exact=on_exact /parent/...=_start "
            "/other=_start "
            "/wildcard/deep/...=on_exact /main=_start /wildcard/...=on_wildcard /exact=on_exact /=_start ");
  EXPECT_TRUE(application->warnings.empty());
}

TEST_F(ApplicationTest, LinksAFileOnceForEachEntryPoint) {
  const auto application = load({module_of("/a", "wagi"), module_of("/b", "wagi")});
  ASSERT_TRUE(application) << application.error().message;
  const auto version = [&](std::string_view path) { return *application->routes.find(path)->function; };
  EXPECT_EQ(version("/a")->loaded()->program, version("/b")->loaded()->program);
  EXPECT_EQ(version("/a/exact")->loaded()->program, version("/b/wildcard/deep")->loaded()->program);
  EXPECT_NE(version("/a")->loaded()->program, version("/a/exact")->loaded()->program);
  EXPECT_EQ(version("/a")->function(), "/a") << "a route has its own name and its own metrics";
  EXPECT_NE(&version("/a")->metrics(), &version("/b")->metrics());
  EXPECT_EQ(version("/a")->settings().environment.at("A"), "1");
}

TEST_F(ApplicationTest, CallsAnEntryPointForWhatItWrites) {
  Module module = module_of("/a", "wagi");
  module.entrypoint = "on_wildcard";
  const auto application = load({module});
  ASSERT_TRUE(application) << application.error().message;
  EXPECT_EQ((*application->routes.find("/a")->function)->facts().entry.kind, sandbox::Kind::kCommand)
      << "although it returns a number";
}

TEST_F(ApplicationTest, StartsWithoutAnEntryPointAndSaysSo) {
  for (const auto* entry : {"nobody", "takes", "memory"}) {
    Module module = module_of("/a", "wagi");
    module.entrypoint = entry;
    const auto application = load({module});
    ASSERT_TRUE(application) << application.error().message;
    const registry::Route* route = application->routes.find("/a");
    ASSERT_FALSE(route->function) << entry;
    EXPECT_EQ(route->function.error().code, ErrorCode::kNoSuchExport);
    ASSERT_EQ(application->warnings.size(), 1u);
    EXPECT_TRUE(application->warnings[0].starts_with("m.toml:1:1: the route /a answers 500: "));
  }
}

TEST_F(ApplicationTest, WarnsOfRoutesThatNothingReaches) {
  for (const auto* route : {"/healthz", "/_mayfly", "/_mayfly/v1/functions", "relative", "..."}) {
    const auto application = load({module_of(route, "cat")});
    ASSERT_TRUE(application) << application.error().message;
    EXPECT_EQ(application->warnings.size(), 1u) << route;
  }
}

TEST_F(ApplicationTest, StopsAtAModuleThatCannotBeUsed) {
  EXPECT_EQ(mistake(module_of("/a", "no such file")).code, ErrorCode::kBadConfig);
  const Error unknown = mistake(module_of("/a", "unknown-import"));
  EXPECT_EQ(unknown.code, ErrorCode::kUnknownImport);
  EXPECT_TRUE(unknown.message.starts_with("m.toml:1:1: module `unknown-import` of the route `/a`: "))
      << unknown.message;
  Module changed = module_of("/a", "cat");
  changed.sha256 = sha256_hex("another");
  EXPECT_EQ(mistake(changed).code, ErrorCode::kBadConfig);
}

TEST_F(ApplicationTest, StopsAtRoutesThatCannotBeRead) {
  for (const auto& [guest, said] : {std::pair{"routes-trap", "its `_routes`: wasm trap"},
                                    {"routes-empty", "its `_routes`: it prints nothing"},
                                    {"routes-flood", "its `_routes`: it wrote more than 262144 bytes"},
                                    {"routes-odd", "its `_routes`: it prints `/lonely`"},
                                    {"routes-takes", "its `_routes`: the module has no function `_routes` without"}}) {
    const Error error = mistake(module_of("/a", guest));
    EXPECT_NE(error.message.find(said), std::string::npos) << error.message;
  }
}

}  // namespace
}  // namespace mayfly::compat::wagi
