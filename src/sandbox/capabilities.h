#pragma once

#include "sandbox/module.h"
#include "sandbox/settings.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::sandbox {

// What a module asks for, by its imports: a set of bits.
using Abilities = std::uint32_t;
Abilities abilities_of(const std::vector<Import>& imports);
Abilities abilities_of_interfaces(std::string_view interfaces);  // that a component imports, a line each

// What a function can do: what its module asks for, as far as its settings grant it.
struct Capabilities {
  std::vector<std::string> inside;   // of the request and the sandbox alone: `read stdin`
  std::vector<std::string> outside;  // beyond them: `connect to 10.0.0.5:25`

  bool operator==(const Capabilities&) const = default;
};
enum class Files : bool { kNone, kBundled };  // that came with it
Capabilities capabilities(Abilities abilities, const Settings& settings, Files files = Files::kNone);

// What it asks for, whatever it will be granted.
std::vector<std::string> needs(Abilities abilities);

// As a sentence: `read stdin, write stdout`; `compute` when there is nothing else.
std::string to_text(const Capabilities& capabilities);

// Those outside that `before` does not have.
std::vector<std::string> beyond(const Capabilities& now, const Capabilities& before);

}  // namespace mayfly::sandbox
