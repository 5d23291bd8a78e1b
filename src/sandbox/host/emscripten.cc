#include "sandbox/host/emscripten.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <ctime>

namespace mayfly::sandbox::host {
namespace {

// Only a host that keeps views into the memory needs to know.
Hosted<void> emscripten_notify_memory_growth(Guest&, std::uint32_t /*memory*/) { return {}; }

// A refused growth: malloc answers NULL.
Hosted<std::int32_t> emscripten_resize_heap(Guest&, std::uint32_t /*size*/) { return 0; }

Hosted<void> copy(Guest& guest, std::uint32_t to, std::uint32_t from, std::uint32_t length) {
  const auto target = guest.memory().slice(to, length);
  const auto source = guest.memory().slice(from, length);
  if (!target || !source) {
    guest.stop({ErrorCode::kTrap, fmt::format("memcpy: {} bytes from {} to {} leave the memory", length, from, to)});
    return stopped();
  }
  std::memmove(target->data(), source->data(), length);
  return {};
}

Hosted<void> abort(Guest& guest) {
  guest.stop({ErrorCode::kTrap, "the function called abort"});
  return stopped();
}

double milliseconds(clockid_t clock) {
  timespec now;
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Hosted<double> emscripten_get_now(Guest&) { return milliseconds(CLOCK_MONOTONIC); }
Hosted<double> emscripten_date_now(Guest&) { return milliseconds(CLOCK_REALTIME); }

constexpr std::array kFunctions = {
    host_function<emscripten_notify_memory_growth>("env", "emscripten_notify_memory_growth"),
    host_function<emscripten_resize_heap>("env", "emscripten_resize_heap"),
    host_function<copy>("env", "emscripten_memcpy_js"),
    host_function<copy>("env", "_emscripten_memcpy_js"),
    host_function<copy>("env", "emscripten_memcpy_big"),
    host_function<abort>("env", "_abort_js"),
    host_function<emscripten_get_now>("env", "emscripten_get_now"),
    host_function<emscripten_date_now>("env", "emscripten_date_now"),
};

}  // namespace

std::span<const HostFunction> emscripten_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::host
