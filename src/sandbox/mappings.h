#pragma once

#include <cstdint>
#include <string_view>

namespace mayfly::sandbox {

// The kernel lets a process have so many mappings of memory, vm.max_map_count, and without one more nothing goes on: no
// code is loaded, no guest starts, no thread. So they are given out beforehand.
std::uint32_t max_map_count();

// Invocations alive at once that so many mappings allow.
std::uint32_t slots_for(std::uint32_t mappings);
// What of so many the instances of FreshPools may have: pages that are read-only until they are written to.
std::uint32_t rewinding_mappings(std::uint32_t mappings);
// Modules in memory at once that so many allow, beside the sandboxes.
std::uint32_t modules_for(std::uint32_t mappings, std::uint32_t slots);

// Whether an error of the engine says that the system gave it no memory, no mapping or no thread.
bool is_short_of_memory(std::string_view message);

}  // namespace mayfly::sandbox
