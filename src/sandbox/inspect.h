#pragma once

#include "base/result.h"
#include "sandbox/kind.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::sandbox {

// What a WebAssembly file is.
struct Inspection {
  struct Name {
    std::string name;  // `env.log`, `wasi:cli/stdout@0.2.0`
    bool provided = true;
  };
  struct Section {
    std::string name;  // `code`, "custom `producers`": all of that name together
    std::uint64_t bytes;
  };

  UploadKind format;
  std::optional<EntryPoint> entry;  // how it would be called
  std::optional<Error> why_not;     // it cannot be deployed
  std::vector<Name> imports;
  std::vector<std::string> exports;
  std::vector<std::string> needs;  // capabilities
  std::vector<Section> sections;   // in order of first appearance
  std::string wit;                 // of a component; "" when it cannot be written,
  std::string wit_error;           // because of this
};

// Reads a module or component, binary or text, and compiles nothing; it checks all but the code of functions. `wanted`
// as find_entry_point. kNotWasm or kBadModule. Takes as long as reading does, which is long for 64 MiB: not on a loop.
Result<Inspection> inspect(std::string_view bytes, std::string_view wanted = "");

std::string_view name_of(UploadKind format);

}  // namespace mayfly::sandbox
