#pragma once

#include <array>
#include <string>
#include <string_view>

namespace mayfly::bench {

// A guest that both sides run: what it is, where it is, and what it must answer.
struct Guest {
  std::string_view name;
  std::string_view path;  // below the source folder
  std::string_view entry;
  std::string_view answer;
};

inline constexpr std::array<Guest, 4> kGuests = {{
    {"run", "examples/answer/answer.wasm", "run", "42"},
    {"wat_hello", "examples/hello-wat/hello-wat.wasm", "_start", "Hello World!\n"},
    {"c_hello", "examples/hello-c/hello-c.wasm", "_start", "Hello, World!\n"},
    {"go_hello", "examples/hello-go/hello-go.wasm", "_start", "Hello, World!\nThis is "},  // and its version
}};

// The bytes of its module. Ends the process when they cannot be read.
std::string read_module(const Guest& guest);

// Ends the process with a message: a benchmark of something that fails measures nothing.
[[noreturn]] void die(std::string_view what, std::string_view why);

// Ends the process unless this is what the guest answers.
void check_answer(const Guest& guest, std::string_view answer);

}  // namespace mayfly::bench
