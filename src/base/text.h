#pragma once

#include <string>
#include <string_view>

namespace mayfly {

// Text between ASCII blanks (space and tab).
std::string_view trim(std::string_view text);

// Replaces what is not UTF-8 by U+FFFD, one for each broken character.
std::string to_utf8(std::string_view bytes);
bool is_utf8(std::string_view bytes);

// Lower-case hex.
std::string hex(std::string_view bytes);

// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace mayfly
