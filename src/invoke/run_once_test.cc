#include "invoke/run_once.h"

#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/test_guests.h"

#include <gtest/gtest.h>

namespace mayfly::invoke {
namespace {

Result<std::string> run(const std::string& guest, const sandbox::Limits& limits = {}) {
  static const auto engine = sandbox::Engine::create({.slots = 2});
  const std::string text = sandbox::guest_text(guest);
  const auto program = (*engine)->load(text, sha256_hex(text), "");
  if (!program) return fail(program.error());
  auto ran = run_once(*program, {}, limits);
  EXPECT_EQ((*engine)->slots_used(), 0u);
  if (ran.error) return fail(std::move(*ran.error));
  return std::move(ran.output);
}

TEST(RunOnce, ReturnsWhatTheProgramWrites) {
  EXPECT_EQ(run("two-iovecs"), "Hello World!\n");
  EXPECT_EQ(run("exit-zero"), "");
  EXPECT_EQ(run("echo"), "") << "it is given no arguments, variables or input";
}

TEST(RunOnce, WaitsForAProgramThatSleeps) { EXPECT_TRUE(run("sleep")); }

TEST(RunOnce, EndsWhatTakesTooLongOrWritesTooMuch) {
  EXPECT_EQ(run("loop", {.cpu = std::chrono::milliseconds(20)}).error().code, ErrorCode::kTooSlow);
  EXPECT_EQ(run("nap", {.wall = std::chrono::milliseconds(20)}).error().code, ErrorCode::kTooSlow);
  EXPECT_EQ(run("flood", {.response_bytes = 1000}).error().code, ErrorCode::kResponseTooLarge);
}

TEST(RunOnce, SaysHowAProgramFailed) {
  EXPECT_EQ(run("trap").error().code, ErrorCode::kTrap);
  EXPECT_EQ(run("exit-three").error().code, ErrorCode::kExitCode);
}

}  // namespace
}  // namespace mayfly::invoke
