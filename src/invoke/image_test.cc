// Images are made by instances and start others: through run_once(), as interpreters are run.

#include "sandbox/image.h"

#include "base/text.h"
#include "invoke/run_once.h"
#include "sandbox/engine.h"

#include <gtest/gtest.h>

namespace mayfly::invoke {
namespace {

using sandbox::Engine;
using sandbox::EntryPoint;
using sandbox::Kind;

Engine& engine() {
  static const auto made = Engine::create({.slots = 4});
  return **made;
}

// Its state: a mutable global, a memory that grows, data, and a table; `write` prints 12 bytes of the memory's end.
constexpr std::string_view kGuest = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (global $fixed i32 (i32.const 7))
  (global $count (mut i32) (i32.const 40))
  (global $large (mut i64) (i64.const -1))
  (memory (export "memory") 1)
  (data (i32.const 16) "abcd")
  (data $later "wxyz")
  (table funcref (elem $bump))
  (func $bump (global.set $count (i32.add (global.get $count) (i32.const 1))))
  (func (export "_initialize") (call_indirect (i32.const 0)))
  (func (export "initialize")
    (call_indirect (i32.const 0))
    (global.set $large (i64.const 0x123456789a))
    (drop (memory.grow (i32.const 3)))
    (memory.init $later (i32.const 200000) (i32.const 0) (i32.const 4)))
  (func (export "write")
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 4))
    (i32.store (i32.const 8) (i32.const 200000)) (i32.store (i32.const 12) (i32.const 4))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32))))
  (func (export "spoil") (i32.store (i32.const 16) (i32.const 0)) (global.set $count (i32.const 0)))
  (func (export "state") (result i64)
    (i64.add (global.get $large)
      (i64.extend_i32_u (i32.add (global.get $fixed) (i32.add (global.get $count) (memory.size))))))))";

struct Parts {
  std::unique_ptr<sandbox::Module> code, base;
};

Parts parts_of(std::string_view guest) {
  const auto split = sandbox::split_for_images(guest);
  EXPECT_TRUE(split) << split.error().message;
  auto code = engine().compile(split->code, sha256_hex(split->code), Engine::Want::kOptimised, sandbox::kImageModule);
  EXPECT_TRUE(code) << code.error().message;
  auto base = engine().compile_image(split->base, sha256_hex(split->base));
  EXPECT_TRUE(base) << base.error().message;
  return {std::move(*code), std::move(*base)};
}

Ran run(const sandbox::Module& code, const sandbox::Module& image, Engine::Start start, std::string entry,
        bool makes_image = false, std::string_view changes = {}, const sandbox::Module* since = nullptr) {
  const auto program =
      engine().link(code, image, start, EntryPoint{Kind::kCommand, std::move(entry)}, nullptr, changes);
  EXPECT_TRUE(program) << program.error().message;
  return run_once(*program, {.makes_image = makes_image, .image_since = since}, {});
}

std::unique_ptr<sandbox::Module> image_of(const Parts& guest, std::string entry) {
  const auto made = run(*guest.code, *guest.base, Engine::Start::kFresh, std::move(entry), true);
  EXPECT_FALSE(made.error) << made.error->message;
  EXPECT_FALSE(made.image.is_changes);
  auto image = engine().compile_image(made.image.bytes, sha256_hex(made.image.bytes));
  EXPECT_TRUE(image) << image.error().message;
  return std::move(*image);
}

TEST(Image, HasTheMemoryAndTheGlobalsOfWhatItWasTakenFrom) {
  const Parts guest = parts_of(kGuest);
  const auto image = image_of(guest, "initialize");
  EXPECT_EQ(run(*guest.code, *image, Engine::Start::kImage, "write").output, "abcdwxyz");
}

TEST(Image, IsNotChangedByWhatStartsFromIt) {
  const Parts guest = parts_of(kGuest);
  const auto image = image_of(guest, "initialize");
  const auto state = [&] {
    return run(*guest.code, *image, Engine::Start::kImage, "state", true, {}, image.get()).image;
  };
  const auto before = state();
  EXPECT_TRUE(before.is_changes);
  EXPECT_FALSE(run(*guest.code, *image, Engine::Start::kImage, "spoil").error);
  EXPECT_EQ(state().bytes, before.bytes);
}

TEST(Image, IsKeptAsWhatIsDifferentFromTheOneBefore) {
  const Parts guest = parts_of(kGuest);
  const auto base = image_of(guest, "_initialize");
  const auto made = run(*guest.code, *base, Engine::Start::kImage, "initialize", true, {}, base.get());
  ASSERT_TRUE(made.image.is_changes);
  EXPECT_LT(made.image.bytes.size(), 300u) << "of four pages of 64 KiB";
  const auto with = [&](std::string entry, bool makes_image = false) {
    return run(*guest.code, *base, Engine::Start::kImage, std::move(entry), makes_image, made.image.bytes);
  };
  EXPECT_EQ(with("write").output, "abcdwxyz");
  EXPECT_FALSE(with("spoil").error);
  EXPECT_EQ(with("write").output, "abcdwxyz");
  EXPECT_EQ(run(*guest.code, *base, Engine::Start::kImage, "write").output, "") << "its memory has not grown";

  const auto again = with("state", true).image;
  ASSERT_FALSE(again.is_changes) << "nothing was given to keep it as changes of";
  const auto whole = engine().compile_image(again.bytes, sha256_hex(again.bytes));
  ASSERT_TRUE(whole);
  EXPECT_EQ(run(*guest.code, **whole, Engine::Start::kImage, "write").output, "abcdwxyz");
}

TEST(Image, IsWholeWhenMuchIsDifferent) {
  const Parts guest = parts_of(R"((module (memory (export "memory") 8)
    (func (export "_initialize"))
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 400000)))))");
  const auto base = image_of(guest, "_initialize");
  EXPECT_FALSE(run(*guest.code, *base, Engine::Start::kImage, "fill", true, {}, base.get()).image.is_changes);
}

TEST(Image, SaysThatChangesAreOfAnotherModule) {
  const Parts guest = parts_of(kGuest);
  const auto base = image_of(guest, "_initialize");
  for (const std::string_view bytes : {"", "\0asm", "nonsense"}) {
    const auto linked = engine().link(*guest.code, *base, Engine::Start::kImage, EntryPoint{Kind::kCommand, "write"},
                                      nullptr, bytes.empty() ? "x" : bytes);
    EXPECT_FALSE(linked);
  }
}

TEST(Image, IsNotMadeByOneThatFails) {
  const Parts guest = parts_of(R"((module (memory (export "memory") 1) (func (export "fail") unreachable)))");
  const auto failed = run(*guest.code, *guest.base, Engine::Start::kFresh, "fail", true);
  EXPECT_EQ(failed.error->code, ErrorCode::kTrap);
  EXPECT_EQ(failed.image.bytes, "");
}

TEST(Image, SaysOfWhatNoneCanBeTaken) {
  const auto refused = [](std::string_view guest) { return sandbox::split_for_images(guest).error().message; };
  const auto says = [&](std::string_view guest, std::string_view why) {
    EXPECT_NE(refused(guest).find(why), std::string::npos) << refused(guest);
  };
  says("(module)", "no memory");
  says("(module (memory 1) (memory 1))", "more than one memory");
  says(R"((module (import "env" "memory" (memory 1))))", "imports its memory");
  says("(module (memory 1) (func $start) (start $start))", "start function");
  says("(module (memory 1) (global (mut externref) (ref.null extern)))", "is no number");
  says("(module (memory 1) (table 1 funcref) (func (table.set (i32.const 0) (ref.null func))))", "changes its tables");
  says("\0asm", "no image can be taken");
}

}  // namespace
}  // namespace mayfly::invoke
