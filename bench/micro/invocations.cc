// Calls one guest a number of times, for bench/instructions.py to count what that costs: invocations SIDE GUEST COUNT
// Prints what counts depend on besides the code: how the engine resets memories.

#include "bare_call.h"
#include "mayfly_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace mayfly::bench {
namespace {

constexpr std::uint32_t kSlots = 4;  // valgrind has little address space to reserve

const Guest& find_guest(std::string_view name) {
  const auto found = std::ranges::find(kGuests, name, &Guest::name);
  if (found == kGuests.end()) die(name, "is no guest");
  return *found;
}

template <typename Call>
int repeat(Call call, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) call();
  return 0;
}

int run(std::string_view side, std::string_view name, std::string_view count_text) {
  std::uint32_t count = 0;
  std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  const Guest& guest = find_guest(name);
  const auto engine = sandbox::Engine::create({.slots = kSlots});
  if (!engine) die("engine", engine.error().message);
  fmt::print("dirty-page scan {}\n", (*engine)->info().pagemap_scan ? "on" : "off");
  if (side == "mayfly") {
    MayflyCall call(**engine, guest);
    return repeat(std::ref(call), count);
  }
  if (side == "bare_plain") return repeat(BareCall((*engine)->get(), guest, BareMode::kPlain), count);
  if (side == "bare_async") return repeat(BareCall((*engine)->get(), guest, BareMode::kAsync), count);
  die(side, "is neither mayfly nor bare_plain nor bare_async");
}

}  // namespace
}  // namespace mayfly::bench

int main(int argc, char** argv) {
  if (argc != 4) mayfly::bench::die("usage", "invocations SIDE GUEST COUNT");
  return mayfly::bench::run(argv[1], argv[2], argv[3]);
}
