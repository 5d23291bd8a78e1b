#include "sandbox/mappings.h"

#include "sandbox/limits.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace mayfly::sandbox {

std::uint32_t max_map_count() {
  std::uint32_t most = 65'530;  // the kernel's default
  std::ifstream("/proc/sys/vm/max_map_count") >> most;
  return most;
}

std::uint32_t rewinding_mappings(std::uint32_t mappings) { return mappings / 16; }

std::uint32_t slots_for(std::uint32_t mappings) {
  constexpr std::uint32_t kMappingsPerSlot = 5;        // 2 of its stack, about 3 of its memory
  constexpr std::uint32_t kMappingsElsewhere = 9'500;  // idle sandboxes, code, images, libraries, the heap
  mappings -= rewinding_mappings(mappings);
  const std::uint32_t left = mappings > kMappingsElsewhere ? mappings - kMappingsElsewhere : 0;
  return std::clamp(left / kMappingsPerSlot, std::uint32_t{64}, kMaxSlots);
}

// Half of what the stacks leave: the rest is for memories of sandboxes that run or have just run, threads and the heap.
std::uint32_t modules_for(std::uint32_t mappings, std::uint32_t slots) {
  constexpr std::uint32_t kMappingsPerSlot = 4;       // a stack and its guard, in each of two engines
  constexpr std::uint32_t kMappingsPerModule = 3;     // what is before its code, its code, its data
  constexpr std::uint32_t kMappingsElsewhere = 1000;  // libraries, threads, the heap
  mappings -= rewinding_mappings(mappings);
  const std::uint32_t taken = (slots + kIdleSandboxes) * kMappingsPerSlot + kMappingsElsewhere;
  const std::uint32_t left = mappings > taken ? mappings - taken : 0;
  return std::clamp(left / 2 / kMappingsPerModule, kFewestModules, kMostModules);
}

bool is_short_of_memory(std::string_view message) {
  constexpr std::array<std::string_view, 5> kWords = {
      "(os error 12)",                // ENOMEM
      "(os error 11)",                // EAGAIN, of a thread
      "mmap failed",                  // of code that has just been compiled
      "failed to allocate memory",    // for the stack of a thread's signals
      "OS can't spawn worker thread"  // of tokio
  };
  return std::ranges::any_of(kWords,
                             [&](std::string_view words) { return message.find(words) != std::string_view::npos; });
}

}  // namespace mayfly::sandbox
