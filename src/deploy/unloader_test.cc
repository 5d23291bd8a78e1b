#include "deploy/unloader.h"

#include "base/text.h"
#include "deploy/limits.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace mayfly::deploy {
namespace {

using registry::Version;
using namespace std::chrono_literals;

// An engine for eight modules; functions of one each.
class UnloaderTest : public testing::Test {
 protected:
  void add(const std::string& name, Version::Clock::duration called) {
    const auto version = std::make_shared<const Version>(
        Version::Facts{.function = name, .digest = "", .artefact = "", .entry = {}, .settings = {}, .capabilities = {}},
        std::make_shared<metrics::Invocations>());
    versions[name] = version;
    load(name);
    version->called(Version::Clock::time_point(called));
    registry.update([&](registry::Snapshot& next) { next.functions[name] = version; });
  }
  Version::LoadedPtr load(const std::string& name) {
    const std::string text = "(module (func (export \"run\")) (func (export \"" + name + "\")))";
    return versions[name]->set_loaded({*engine.load(text, sha256_hex(text), "run"), {}});
  }
  std::string loaded() const {
    std::string names;
    for (const auto& [name, version] : versions) names += version->loaded() != nullptr ? name : "";
    return names;
  }

  // One for all tests: its pools are the expensive part.
  static sandbox::Engine& shared() {
    static const auto made = sandbox::Engine::create({.slots = 4, .modules = kModules});
    return **made;
  }

  static constexpr std::uint32_t kModules = 8;
  sandbox::Engine& engine = shared();
  registry::Registry registry;
  std::map<std::string, registry::VersionPtr> versions;
  Unloader unloader{engine, registry};
};

TEST_F(UnloaderTest, LeavesEverythingWhileThereIsRoomForOneMore) {
  for (const auto* name : {"a", "b", "c", "d", "e"}) add(name, 1ms);
  unloader.make_room();
  EXPECT_EQ(loaded(), "abcde");
  EXPECT_EQ(unloader.unloaded(), 0u);
}

TEST_F(UnloaderTest, UnloadsThoseThatWereCalledLongestAgo) {
  for (const auto* name : {"h", "g", "f", "e", "d", "c", "b", "a"}) add(name, std::chrono::milliseconds(200 - *name));
  versions["h"]->called(Version::Clock::time_point(200ms));
  unloader.make_room();
  EXPECT_EQ(loaded(), "abcdh");
  EXPECT_EQ(engine.modules(), kModules - kModulesOfOne);
  EXPECT_EQ(unloader.unloaded(), 3u);
}

TEST_F(UnloaderTest, LeavesThoseThatRun) {
  for (const auto* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) add(name, std::chrono::milliseconds(*name));
  const auto runs = versions["a"]->loaded();
  unloader.make_room();
  EXPECT_EQ(loaded(), "aefgh");
  EXPECT_NE(runs->program, nullptr);
}

TEST_F(UnloaderTest, CountsThoseThatRunWhenTheirVersionIsReplaced) {
  for (const auto* name : {"a", "b", "c", "d", "e"}) add(name, std::chrono::milliseconds(*name));
  const auto runs = versions["a"]->loaded();
  add("a", 200ms);
  unloader.make_room();
  EXPECT_EQ(loaded(), "acde") << "six are in memory, one of them twice";
}

TEST_F(UnloaderTest, UnloadsAFewWhenMemoryHasBeenRefused) {
  for (const auto* name : {"a", "b", "c", "d"}) add(name, std::chrono::milliseconds(*name));
  unloader.make_more_room();
  EXPECT_EQ(loaded(), "d");
}

TEST_F(UnloaderTest, LoadsAgainWhatIsCalledAgain) {
  for (const auto* name : {"a", "b", "c", "d", "e", "f"}) add(name, std::chrono::milliseconds(*name));
  unloader.make_room();
  EXPECT_EQ(loaded(), "bcdef");
  load("a");
  unloader.make_room();
  EXPECT_EQ(loaded(), "acdef") << "to load it is to call it";
}

TEST(LoadedVersion, TakesBetterCodeOnlyInPlaceOfTheCodeThatItWasMadeFrom) {
  const Version version({}, nullptr);
  auto first = version.set_loaded({});
  version.replace_loaded(first, {});
  const auto second = version.loaded();
  EXPECT_NE(second, first);
  version.replace_loaded(first, {});
  EXPECT_EQ(version.loaded(), second);
}

TEST(LoadedVersion, IsNotBroughtBackByBetterCode) {
  const Version version({}, nullptr);
  auto loaded = version.set_loaded({});
  EXPECT_FALSE(version.unload_idle()) << "somebody has it";
  const auto other = std::make_shared<const Version::Loaded>();
  loaded.reset();
  EXPECT_TRUE(version.unload_idle());
  EXPECT_FALSE(version.unload_idle());
  version.replace_loaded(other, {});
  EXPECT_EQ(version.loaded(), nullptr);
}

}  // namespace
}  // namespace mayfly::deploy
