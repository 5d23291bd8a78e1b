#include "sandbox/fresh_pool.h"

#include "sandbox/test_caller.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace mayfly::sandbox {
namespace {

class Caller : public TestCaller {
 public:
  explicit Caller(const std::string& text) { use(text); }

  // What it returns or writes; `trap` for one that traps.
  std::string call(std::string_view input = "") {
    output_.clear();
    Inputs inputs;
    inputs.standard_input = input;
    Outcome outcome;
    run(inputs, [&](FreshInstance& instance) {
      memory_peak_ = instance.usage().memory_peak;
      outcome = instance.outcome();
    });
    if (outcome.error) return outcome.error->code == ErrorCode::kTrap ? "trap" : outcome.error->message;
    return output_.empty() ? outcome.value : output_;
  }
  // Often enough that the pool has begun to keep instances, if it can. The different answers.
  std::set<std::string> call_often(std::string_view input = "") {
    std::set<std::string> answers;
    for (std::uint32_t i = 0; i < 3 * kCallsBeforeRewinding; ++i) answers.insert(call(input));
    return answers;
  }

  std::size_t memory_peak() const { return memory_peak_; }  // of the last

 private:
  Status write_output(std::string_view bytes) override {
    output_ += bytes;
    return {};
  }

  std::string output_;
  std::size_t memory_peak_ = 0;
};

// Adds up all of its memory and its globals, then changes them as `body` says.
std::string summing(std::string_view body, int pages = 4, std::string_view more = "") {
  return fmt::format(R"((module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") {})
    (data (i32.const 70000) "what it begins with")
    (global $small (mut i32) (i32.const 7))
    (global $large (mut i64) (i64.const 7000000000))
    (global $real (mut f64) (f64.const 0.5))
    {}
    (func (export "run") (result i64) (local $at i32) (local $sum i64)
      (local.set $sum (i64.add (i64.extend_i32_u (global.get $small)) (global.get $large)))
      (local.set $sum (i64.add (local.get $sum) (i64.reinterpret_f64 (global.get $real))))
      (loop $more
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $more (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      {}
      (local.get $sum))))",
                     pages, more, body);
}

constexpr std::string_view kScribble = R"(
      (global.set $small (i32.const 8)) (global.set $large (i64.const 9)) (global.set $real (f64.const 1))
      (i32.store (i32.const 0) (i32.const 1))
      (i64.store (i32.const 4092) (i64.const -1))
      (i64.store (i32.const 70002) (i64.const -1))
      (memory.fill (i32.const 100000) (i32.const 0xee) (i32.const 50000))
      (memory.copy (i32.const 200000) (i32.const 70000) (i32.const 20000)))";

// That each call of a program finds what the first one found, and how many instances wait for another in the end.
void expect_fresh(const std::string& text, std::size_t idle) {
  Caller caller(text);
  EXPECT_EQ(caller.call_often().size(), 1u);
  EXPECT_EQ(caller.idle(), idle);
}

TEST(FreshPool, PutsBackWhatAGuestHasChanged) { expect_fresh(summing(kScribble), 1); }

TEST(FreshPool, PutsBackPagesThatAreWrittenToLater) {
  // A page by chance with each request.
  Caller caller(summing(R"(
      (drop (call $random (i32.const 8) (i32.const 4)))
      (i32.store (i32.and (i32.load (i32.const 8)) (i32.const 0x3fff0)) (i32.const -1)))"));
  std::set<std::string> answers;
  for (int i = 0; i < 12'000; ++i) answers.insert(caller.call());  // more often than one instance is put back
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_LE(caller.idle(), 1u);
}

TEST(FreshPool, PutsBackWhatHostFunctionsHaveWritten) {
  expect_fresh(summing("(drop (call $random (i32.const 5000) (i32.const 200000)))"), 1);
}

TEST(FreshPool, KeepsWhatExitsByItself) {
  expect_fresh(summing("(i32.store (i32.const 0) (i32.const 1)) (call $exit (i32.const 0))"), 1);
}

TEST(FreshPool, GivesEachCallTheInputOfItsOwn) {
  Caller caller(R"((module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 8) "\00\10\00\00\00\10\00\00")
    (func (export "_start")
      (drop (call $read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 12)))
      (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 32))))))");
  caller.call_often("first");
  EXPECT_EQ(caller.idle(), 1u);
  EXPECT_EQ(caller.call("second"), "second");
  EXPECT_EQ(caller.call("3"), "3");
}

// Grows from 4 pages by `pages`: they are as new.
std::string growing(int pages) {
  return summing(fmt::format(R"(
      (if (i32.ne (memory.grow (i32.const {0})) (i32.const 4)) (then unreachable))
      (if (i32.ne (memory.size) (i32.const {1})) (then unreachable))
      (if (i32.load (i32.const {2})) (then unreachable))
      (i32.store (i32.const {2}) (i32.const 1)))",
                             pages, 4 + pages, (4 + pages) * 65536 - 4));
}

TEST(FreshPool, PutsBackWhatHasGrownALittle) {
  expect_fresh(growing(1), 1);
  expect_fresh(growing(128), 1);
}

TEST(FreshPool, PutsBackWhatHasGrownAndExits) {
  expect_fresh(summing("(drop (memory.grow (i32.const 2))) (call $exit (i32.const 0))"), 1);
}

TEST(FreshPool, KeepsNoneWhoseMemoryHasGrownALot) { expect_fresh(growing(129), 0); }

TEST(FreshPool, GivesNoMoreMemoryThanThereMayBe) {
  Caller caller(summing("(if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))"));
  caller.limits().memory_bytes = 4 << 16;
  EXPECT_EQ(caller.call_often().size(), 1u);
  EXPECT_EQ(caller.idle(), 0u) << "who is refused memory is made anew";
}

TEST(FreshPool, CountsTheMemoryThatAGuestSees) {
  for (const int pages : {0, 1, 128, 129}) {
    Caller caller(pages == 0 ? summing("(drop (memory.size))") : growing(pages));
    caller.call_often();
    EXPECT_EQ(caller.memory_peak(), static_cast<std::size_t>(4 + pages) << 16) << pages;
  }
}

TEST(FreshPool, KeepsNoneThatWasRefusedMemory) { expect_fresh(summing("(drop (memory.grow (i32.const 60000)))"), 0); }

TEST(FreshPool, KeepsNoneThatWritesToALargeMemory) {
  expect_fresh(summing("(memory.fill (i32.const 0) (i32.const 1) (i32.const 16777216))", 256), 0);
}

TEST(FreshPool, KeepsNoneThatTraps) {
  for (const std::string_view trap : {"unreachable", "(i32.store (i32.const 262144) (i32.const 1))",
                                      "(memory.fill (i32.const 262143) (i32.const 1) (i32.const 2))"}) {
    Caller caller(summing(fmt::format("(i32.store (i32.const 0) (i32.const 1)) {}", trap)));
    EXPECT_EQ(caller.call_often(), std::set<std::string>{"trap"});
    EXPECT_EQ(caller.idle(), 0u);
  }
}

TEST(FreshPool, KeepsNoneThatIsLeftInTheMiddle) {
  Caller caller(summing("(loop $forever (br $forever))"));
  caller.limits().cpu = std::chrono::milliseconds(3);
  for (std::uint32_t i = 0; i < 2 * kCallsBeforeRewinding; ++i) caller.call();
  EXPECT_EQ(caller.idle(), 0u);
}

TEST(FreshPool, TellsInstancesOfDifferentBudgetsApart) {
  Caller caller(summing(kScribble));
  const auto answers = caller.call_often();
  caller.limits().memory_bytes = 2 << 16;  // less than it begins with
  EXPECT_NE(caller.call(), *answers.begin());
  EXPECT_EQ(caller.idle(), 1u);
}

TEST(FreshPool, KnowsWhatItCannotPutBack) {
  const auto may_rewind = [](std::string_view more) { return load(summing("", 1, more)).value()->may_rewind(); };
  EXPECT_TRUE(may_rewind(""));
  EXPECT_TRUE(may_rewind("(table 1 funcref)"));
  EXPECT_FALSE(may_rewind("(table $t 1 funcref) (func (table.set $t (i32.const 0) (ref.null func)))"));
  EXPECT_FALSE(may_rewind("(data $d \"x\") (func (data.drop $d))"));
  EXPECT_FALSE(may_rewind("(func $f) (start $f)"));
  EXPECT_FALSE(may_rewind("(global (mut funcref) (ref.null func))"));
}

TEST(FreshPool, KeepsModulesWithoutAMemory) {
  Caller caller(R"((module (global $n (mut i32) (i32.const 0)) (func (export "run") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))))");
  EXPECT_EQ(caller.call_often(), std::set<std::string>{"1"});
  EXPECT_EQ(caller.idle(), 1u);
}

TEST(FreshPool, KeepsThoseOfFewPrograms) {
  const auto text = [](int number) { return summing(kScribble, 4 + number); };
  Caller caller(text(0));
  for (int round = 0; round < 30; ++round) {
    for (int number = 0; number < 30; ++number) {
      caller.use(text(number));
      caller.call();
      EXPECT_EQ(caller.idle(), 0u);
    }
  }
  std::set<std::string> answers;
  for (int i = 0; i < 100; ++i) answers.insert(caller.call());
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(caller.idle(), 1u);
}

TEST(FreshPool, RefusesNamesThatAreItsOwn) {
  const auto program = load(R"((module (func (export "run")) (func (export "mayfly:image exposed"))))");
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::kBadModule);
}

// Faults of several threads find the memories of their own.
TEST(FreshPool, PutsBackOnSeveralThreadsAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 5; ++round) {
        expect_fresh(summing(fmt::format("{} (i32.store (i32.const {}) (i32.const 1))", kScribble, i * 5000 + 8192)),
                     1);
      }
    });
  }
}

// What a pool gave up is as good as new for whoever gets the memory next.
TEST(FreshPool, LeavesNothingReadOnly) {
  for (int i = 0; i < 100; ++i) {
    Caller caller(summing(kScribble));
    EXPECT_EQ(caller.call_often().size(), 1u);
  }
  EXPECT_EQ(Caller(summing(kScribble)).call(), Caller(summing(kScribble)).call());
}

}  // namespace
}  // namespace mayfly::sandbox
