#include "sandbox/mappings.h"

#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/limits.h"
#include "sandbox/test_guests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace mayfly::sandbox {
namespace {

constexpr std::uint32_t kDefault = 65'530;  // vm.max_map_count of most machines

std::ptrdiff_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

TEST(Mappings, AreThoseOfTheKernel) { EXPECT_GE(max_map_count(), 1000u); }

TEST(Mappings, GiveAsManySlotsAsThereMayBeOnAnOrdinaryMachine) {
  EXPECT_EQ(slots_for(kDefault), kMaxSlots);
  EXPECT_EQ(slots_for(30'000), 3725u);
  EXPECT_EQ(slots_for(1000), 64u);
}

TEST(Mappings, GiveModulesHalfOfWhatStacksLeave) {
  EXPECT_EQ(modules_for(kDefault, kMaxSlots), 3235u);
  EXPECT_EQ(modules_for(262'144, kMaxSlots), 33'956u);
  EXPECT_EQ(modules_for(kDefault, 64), 9859u);
  EXPECT_EQ(modules_for(41'000, kMaxSlots), kFewestModules);
  EXPECT_EQ(modules_for(2'000'000'000, 64), kMostModules);
}

TEST(Mappings, OfAnEngineAreThoseThatAreReckonedWith) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "stacks are not pooled then";
#endif
  const auto before = mappings();
  const auto engine = Engine::create({.slots = 1000, .modules = 1});
  EXPECT_NEAR(static_cast<double>(mappings() - before), (1000 + kIdleSandboxes) * 4, 100);
}

TEST(Mappings, OfModulesAreThoseThatAreReckonedWith) {
  const auto engine = Engine::create({.slots = 4});
  std::vector<std::shared_ptr<const Program>> programs;
  const auto before = mappings();
  for (int i = 0; i < 100; ++i) {
    const std::string text = "(module (func (export \"run\") (result i32) (i32.const " + std::to_string(i) + ")))";
    programs.push_back((*engine)->load(text, sha256_hex(text), "run").value());
  }
  EXPECT_EQ((*engine)->modules(), 100u);
  EXPECT_LE(mappings() - before, 100 * 3 + 20);
}

TEST(Modules, AreCountedWhileTheyAreInMemory) {
  const auto engine = Engine::create({.slots = 4, .modules = 7});
  EXPECT_EQ((*engine)->info().modules, 7u);
  const auto load = [&](const char* text) { return (*engine)->load(text, sha256_hex(text), "run").value(); };
  auto plain = load("(module (func (export \"run\")))");
  EXPECT_EQ((*engine)->modules(), 1u);
  {
    const auto importing = load("(module (import \"env\" \"memory\" (memory 1)) (func (export \"run\")))");
    EXPECT_EQ((*engine)->modules(), 4u) << "with what defines its memory, and its door";
  }
  plain.reset();
  EXPECT_EQ((*engine)->modules(), 0u);
}

TEST(ShortOfMemory, IsWhatTheSystemSaysAndNotWhatAModuleIs) {
  EXPECT_TRUE(is_short_of_memory("unable to make memory executable: Cannot allocate memory (os error 12)"));
  EXPECT_TRUE(is_short_of_memory("mmap failed to allocate 0x4000 bytes: Cannot allocate memory (os error 12)"));
  EXPECT_TRUE(is_short_of_memory("failed to allocate memory for sigaltstack"));
  EXPECT_FALSE(is_short_of_memory("memory index 0 exceeds the limit of 1"));
  EXPECT_FALSE(is_short_of_memory("unexpected end-of-file (at offset 0xc)"));
}

}  // namespace
}  // namespace mayfly::sandbox
