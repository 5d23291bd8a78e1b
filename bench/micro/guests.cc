#include "guests.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace mayfly::bench {

std::string read_module(const Guest& guest) {
  std::ifstream file(fmt::format("{}/{}", MAYFLY_SOURCE_DIR, guest.path), std::ios::binary);
  if (!file) die(guest.path, "cannot be read");
  std::stringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

void die(std::string_view what, std::string_view why) {
  fmt::print(stderr, "{}: {}\n", what, why);
  std::exit(1);
}

void check_answer(const Guest& guest, std::string_view answer) {
  if (!answer.starts_with(guest.answer)) die(guest.name, fmt::format("answered `{}`", answer));
}

}  // namespace mayfly::bench
