#include "sandbox/fresh_instance.h"

#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/test_guests.h"
#include "sandbox/vfs/tmp.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace mayfly::sandbox {
namespace {

// One engine for all tests: its pools are the expensive part.
Engine& engine() {
  static const auto made = Engine::create({.slots = 64});
  return **made;
}

Result<std::shared_ptr<const Program>> load(const std::string& guest, std::string_view entry = "") {
  const std::string text = guest_text(guest);
  return engine().load(text, sha256_hex(text), entry);
}

// Runs a guest on a loop of its own and keeps what it wrote.
class Invoked : public GuestHost {
 public:
  explicit Invoked(const std::string& guest, Inputs inputs = {}, Limits limits = {},
                   std::chrono::milliseconds queued = {})
      : inputs_(inputs), limits_(limits) {
    const auto program = load(guest);
    EXPECT_TRUE(program) << program.error().message;
    FreshInstance instance(*program, inputs_, limits_, *this);
    std::this_thread::sleep_for(queued);
    for (auto progress = instance.resume(); progress != Instance::Progress::kEnded; progress = instance.resume()) {
      progress == Instance::Progress::kYielded ? ++yields : ++waits;
      if (progress == Instance::Progress::kWaiting) wait_for_wake();
    }
    outcome = instance.outcome();
    cpu = instance.usage().guest;
    response = instance.guest().response();
  }

  ErrorCode code() const { return outcome.error ? outcome.error->code : ErrorCode::kInternal; }

  Outcome outcome;
  HandleResponse response;
  std::string output, log;
  std::chrono::nanoseconds cpu{0};
  int yields = 0, waits = 0;

 private:
  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override {
    output += bytes;
    return {};
  }
  void write_log(std::string_view bytes) override { log += bytes; }
  void wake() override { woken_ = true; }
  net::Loop& loop() override { return loop_; }
  egress::Gate& egress() override { return egress_; }

  void wait_for_wake() {
    while (!woken_) loop_.io().run_one();
    loop_.io().restart();
    woken_ = false;
  }

  Inputs inputs_;
  Limits limits_;
  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 1}};
  egress::Gate egress_{loop_, resolver_};
  bool woken_ = false;
};

TEST(Instance, ReturnsTheNumberOfRunAsText) {
  const Invoked run("run");
  EXPECT_FALSE(run.outcome.error);
  EXPECT_EQ(run.outcome.value, "42");
}

TEST(Instance, WritesEveryIovecOfOneFdWriteInOrder) {
  const Invoked run("two-iovecs");
  EXPECT_FALSE(run.outcome.error);
  EXPECT_EQ(run.output, "Hello World!\n");
}

TEST(Instance, TakesProcExitZeroAsSuccessAndAnyOtherCodeAsAnError) {
  EXPECT_FALSE(Invoked("exit-zero").outcome.error);
  EXPECT_EQ(Invoked("exit-three").code(), ErrorCode::kExitCode);
}

TEST(Instance, GivesArgumentsEnvironmentAndStandardInput) {
  Inputs inputs{.arguments = {"echo"}, .environment = {"a=1", "b=2"}, .standard_input = "body"};
  EXPECT_EQ(Invoked("echo", inputs).output, std::string("echo\0a=1\0b=2\0body", 17));
}

TEST(Instance, ReportsATrapWithItsBacktrace) {
  const Invoked run("trap");
  EXPECT_EQ(run.code(), ErrorCode::kTrap);
  EXPECT_NE(run.outcome.backtrace.find("innermost"), std::string::npos) << run.outcome.backtrace;
  EXPECT_EQ(run.outcome.error->message.find("innermost"), std::string::npos);
}

TEST(Instance, PreemptsAndEndsALoopAtItsCpuLimit) {
  const Invoked run("loop", {}, {.cpu = std::chrono::milliseconds(30)});
  EXPECT_EQ(run.code(), ErrorCode::kTooSlow);
  EXPECT_GE(run.yields, 3);
  EXPECT_GE(run.cpu, std::chrono::milliseconds(30));
}

TEST(Instance, RefusesMemoryBeyondItsLimit) {
  EXPECT_EQ(Invoked("grow", {}, {.memory_bytes = 1 << 20}).code(), ErrorCode::kOutOfMemory);
  EXPECT_FALSE(Invoked("grow", {}, {.memory_bytes = 17 << 16}).outcome.error) << "16 pages fit, and the first";
  EXPECT_EQ(Invoked("grow", {}, {.memory_bytes = (17 << 16) - 1}).code(), ErrorCode::kOutOfMemory);
}

TEST(Instance, EndsARecursionThatExhaustsItsStack) { EXPECT_EQ(Invoked("recurse").code(), ErrorCode::kTrap); }

TEST(Instance, WaitsInPollOneoffWithoutRunning) {
  const Invoked run("sleep");
  EXPECT_FALSE(run.outcome.error);
  EXPECT_EQ(run.waits, 1);
  EXPECT_LT(run.cpu, std::chrono::milliseconds(15)) << "it slept for 20 ms";
}

// Of ten guests a tick may hit one or two that do run.
TEST(Instance, ChargesNoTickThatPassedBeforeAGuestRanOrWhileItWaited) {
  int queued = 0, slept = 0;
  for (int i = 0; i < 10; ++i) {
    queued += Invoked("run", {}, {}, std::chrono::milliseconds(5)).yields;
    slept += Invoked("sleep").yields;
  }
  EXPECT_LT(queued, 5);
  EXPECT_LT(slept, 5);
}

TEST(Instance, CollectsTheResponseOfAHandleFunction) {
  const Invoked run("handle");
  EXPECT_EQ(run.response.status, 201);
  EXPECT_EQ(run.response.reason, "Made");
  EXPECT_EQ(run.response.body, "hi");
  EXPECT_EQ(run.response.fields.get("X-a"), "b");
  EXPECT_EQ(run.log, "note\n");
}

TEST(Instance, EndsAGuestThatPassesAPointerOutsideItsMemory) {
  EXPECT_EQ(Invoked("bad-pointer").code(), ErrorCode::kTrap);
  EXPECT_FALSE(Invoked("bad-iovec").outcome.error) << "WASI has an error code for it";
}

TEST(Instance, LogsWhatAssemblyScriptAbortsWith) {
  const Invoked run("as-abort");
  EXPECT_EQ(run.code(), ErrorCode::kTrap);
  EXPECT_EQ(run.log, "abort: bad at a.ts:3:7\n");
}

TEST(Instance, StartsEveryInvocationAfresh) {
  EXPECT_EQ(Invoked("counter").outcome.value, "1");
  EXPECT_EQ(Invoked("counter").outcome.value, "1");
}

TEST(Instance, InitialisesAReactorBeforeItsEntryPoint) { EXPECT_EQ(Invoked("reactor").outcome.value, "7"); }

TEST(Instance, WritesALargeFileInParts) {
  const std::vector<vfs::Mount> mounts = {{"/tmp", std::make_shared<vfs::Tmp>(16 << 20)}};
  const Invoked run("big-file", {.mounts = mounts});
  EXPECT_FALSE(run.outcome.error);
  EXPECT_EQ(run.waits, 3) << "for its turn, after each MiB but the rest";
}

TEST(Instance, WritesALargeOutputInParts) {
  const Invoked run("big-output");
  EXPECT_FALSE(run.outcome.error);
  EXPECT_EQ(run.output, std::string(3 << 20, '\0') + "hello");
  EXPECT_EQ(run.waits, 3) << "as above";
}

TEST(Instance, GivesManyRandomBytesInPartsUpToItsCpuLimit) {
  const Invoked run("random-flood");
  EXPECT_EQ(run.outcome.value, "0");
  EXPECT_EQ(run.waits, 99) << "after each MiB but the last";
  EXPECT_EQ(Invoked("random-flood", {}, {.cpu = std::chrono::milliseconds(20)}).code(), ErrorCode::kTooSlow);
}

TEST(Instance, ShowsNothingButItsMounts) {
  const std::vector<vfs::Mount> mounts = {{"/tmp", std::make_shared<vfs::Tmp>(1 << 20)}};
  EXPECT_FALSE(Invoked("only-tmp", {.mounts = mounts}).outcome.error);
  EXPECT_EQ(Invoked("only-tmp").code(), ErrorCode::kTrap) << "which checks that there is /tmp";
}

TEST(Instance, UnwindsAGuestThatIsCancelledWhileItWaits) {
  const auto program = load("sleep");
  class Host : public GuestHost {
    bool output_ready() override { return true; }
    Status write_output(std::string_view) override { return {}; }
    void write_log(std::string_view) override {}
    void wake() override { ADD_FAILURE() << "woken after it was cancelled"; }
    net::Loop& loop() override { return loop_; }
    egress::Gate& egress() override { return egress_; }
    net::Loop loop_;
    egress::Resolver resolver_{{.threads = 1}};
    egress::Gate egress_{loop_, resolver_};
  } host;
  const Inputs inputs;
  const Limits limits;
  {
    FreshInstance instance(*program, inputs, limits, host);
    while (instance.resume() == Instance::Progress::kYielded) {
    }
  }
  static_cast<GuestHost&>(host).loop().run();
}

TEST(Load, SaysWhichImportIsUnknown) {
  const auto program = load("unknown-import");
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::kUnknownImport);
  EXPECT_NE(program.error().message.find("`env.teleport`"), std::string::npos) << program.error().message;
}

TEST(Load, SaysWhichExportsThereAreWhenNoneIsAnEntryPoint) {
  const auto program = load("no-entry");
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::kNoEntryPoint);
  EXPECT_NE(program.error().message.find("`add` (takes parameters)"), std::string::npos) << program.error().message;
}

TEST(Load, CallsTheExportThatIsAskedFor) {
  const auto program = load("no-entry", "seven");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ((*program)->entry().kind, Kind::kRun);
}

TEST(Load, TellsNotWasmFromBadWasm) {
  EXPECT_EQ(engine().load("<html>", "a", "").error().code, ErrorCode::kNotWasm);
  EXPECT_EQ(engine().load("", "b", "").error().code, ErrorCode::kNotWasm);
  EXPECT_EQ(engine().load(std::string("\0asm\1\0\0\0\1", 9), "c", "").error().code, ErrorCode::kBadModule);
  EXPECT_EQ(engine().load("(module (func", "d", "").error().code, ErrorCode::kBadModule);
  EXPECT_EQ(engine().load(std::string("\0asm\x0d\0\1\0", 8), "e", "").error().code, ErrorCode::kNoEntryPoint)
      << "a component without exports";
}

TEST(Load, NamesTheLimitThatAModuleIsOver) {
  const std::string text = "(module (memory 1) (memory 1) (func (export \"_start\")))";
  const auto program = engine().load(text, sha256_hex(text), "");
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::kOverPoolLimit) << program.error().message;
}

TEST(CodeCache, RebuildsADamagedFileAndNeverTrustsIt) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "mayfly-code-cache";
  std::filesystem::remove_all(folder);
  const auto cached = Engine::create({.cache_folder = folder, .slots = 4});
  ASSERT_TRUE(cached) << cached.error().message;
  const std::string text = guest_text("run");
  const std::string digest = sha256_hex(text);
  ASSERT_TRUE((*cached)->load(text, digest, ""));
  const auto file = std::filesystem::directory_iterator(folder)->path();
  const auto whole = std::filesystem::file_size(file);

  const auto reloads = [&] { return (*cached)->load("not wasm at all", digest, "").has_value(); };
  EXPECT_TRUE(reloads()) << "from the cache, without the bytes";
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(static_cast<long>(whole / 2)).put('\x5A');
  EXPECT_FALSE(reloads()) << "one byte changed";
  ASSERT_TRUE((*cached)->load(text, digest, ""));
  EXPECT_TRUE(reloads()) << "rebuilt";
  std::filesystem::resize_file(file, whole - 1);
  EXPECT_FALSE(reloads()) << "cut short";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mayfly::sandbox
