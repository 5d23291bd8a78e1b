#include "sandbox/abi/abi.h"

#include <algorithm>

namespace mayfly::sandbox::abi {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

// Once over the pattern: what a client sends is not expanded again.
std::string substitute(std::string_view pattern, const http::Request& request) {
  constexpr std::string_view kScriptName = "${SCRIPT_NAME}";
  constexpr std::string_view kArguments = "${ARGS}";
  std::string text;
  while (!pattern.empty()) {
    if (pattern.starts_with(kScriptName)) {
      text += request.path();
      pattern.remove_prefix(kScriptName.size());
    } else if (pattern.starts_with(kArguments)) {
      const auto start = text.size();
      text += request.query();
      std::replace(text.begin() + static_cast<std::ptrdiff_t>(start), text.end(), '&', ' ');
      pattern.remove_prefix(kArguments.size());
    } else {
      text += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> expand_arguments(std::string_view pattern, const http::Request& request) {
  const std::string text = substitute(pattern, request);
  std::vector<std::string> arguments;
  for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    arguments.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBlanks, end);
  }
  return arguments;
}

}  // namespace mayfly::sandbox::abi
