#include "sandbox/host/assemblyscript.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace mayfly::sandbox::host {
namespace {

// A string of AssemblyScript: UTF-16 code units, their size in bytes in the word before. Only for messages: what is
// not ASCII becomes `?`.
std::string string_at(const GuestMemory& memory, std::uint32_t address) {
  constexpr std::uint32_t kLongest = 1024;  // bytes; a message is not a dump
  if (address < sizeof(std::uint32_t)) return "";
  const auto size = memory.read<std::uint32_t>(address - sizeof(std::uint32_t));
  std::string text;
  for (std::uint32_t at = 0; size && at + 1 < std::min(*size, kLongest); at += 2) {
    const auto unit = memory.read<std::uint16_t>(std::uint64_t{address} + at);
    if (!unit) break;
    text += *unit >= 0x20 && *unit < 0x7F ? static_cast<char>(*unit) : '?';
  }
  return text;
}

Hosted<void> abort(Guest& guest, std::uint32_t message, std::uint32_t file, std::uint32_t line, std::uint32_t column) {
  const GuestMemory& memory = guest.memory();
  guest.host().write_log(
      fmt::format("abort: {} at {}:{}:{}\n", string_at(memory, message), string_at(memory, file), line, column));
  guest.stop({ErrorCode::kTrap, "the function called abort"});
  return stopped();
}

constexpr std::array kFunctions = {host_function<abort>("env", "abort")};

}  // namespace

std::span<const HostFunction> assemblyscript_functions() { return kFunctions; }

}  // namespace mayfly::sandbox::host
