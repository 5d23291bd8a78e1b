// How long a sandbox lives: mayfly's Instance beside the bare C API, on one engine, in the same run.

#include "bare_call.h"
#include "mayfly_call.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace mayfly::bench {
namespace {

constexpr std::uint32_t kSlots = 64;  // one is used at a time; the others cost address space alone

template <typename Call, typename... Arguments>
void measure(const std::string& name, const Guest& guest, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), [&guest, arguments...](benchmark::State& state) {
    Call call(arguments..., guest);
    for (auto _ : state) call();
  })->Unit(benchmark::kMicrosecond);
}

// BareCall with its arguments in the order that measure() has.
template <BareMode Mode>
struct Bare : BareCall {
  Bare(wasm_engine_t* engine, const Guest& guest) : BareCall(engine, guest, Mode) {}
};

int run(int argc, char** argv) {
  const auto engine = sandbox::Engine::create({.slots = kSlots});
  if (!engine) die("engine", engine.error().message);
  for (const Guest& guest : kGuests) {
    if (guest.name != "go_hello") {  // it needs more of WASI than the bare side has
      measure<Bare<BareMode::kPlain>>(fmt::format("{}/bare_plain", guest.name), guest, (*engine)->get());
      measure<Bare<BareMode::kAsync>>(fmt::format("{}/bare_async", guest.name), guest, (*engine)->get());
    }
    measure<MayflyCall>(fmt::format("{}/mayfly", guest.name), guest, std::ref(**engine));
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace mayfly::bench

int main(int argc, char** argv) { return mayfly::bench::run(argc, argv); }
