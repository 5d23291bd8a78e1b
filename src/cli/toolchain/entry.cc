#include "cli/toolchain/entry.h"

#include <cctype>

namespace mayfly::cli {
namespace {

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The word `main` with a parenthesis behind it. A comment that has it is taken for one, too: then the linker says that
// there is no main.
bool names_main(std::string_view source) {
  constexpr std::string_view kMain = "main";
  for (auto at = source.find(kMain); at != std::string_view::npos; at = source.find(kMain, at + 1)) {
    const auto next = source.find_first_not_of(" \t\r\n", at + kMain.size());
    const bool starts = at == 0 || !is_of_word(source[at - 1]);
    if (starts && next != std::string_view::npos && source[next] == '(') return true;
  }
  return false;
}

}  // namespace

Result<bool> has_main(const Project& project, const std::vector<std::string>& sources, const Machine& machine) {
  for (const std::string& name : sources) {
    const auto source = machine.read(project.folder / name);
    if (!source) return fail(source.error());
    if (names_main(*source)) return true;
  }
  return false;
}

}  // namespace mayfly::cli
