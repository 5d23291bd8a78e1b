#pragma once

#include "base/result.h"
#include "sandbox/handle.h"
#include "sandbox/module.h"

#include <span>
#include <string>
#include <vector>

namespace mayfly::sandbox {

// A linker with every host function there is.
Result<LinkerHandle> make_linker(wasm_engine_t* engine);

// Those imports that no host function answers, as text, with a hint where one is known.
std::vector<std::string> not_provided(std::span<const Import> imports);

// kUnknownImport, naming each import that no host function answers, but for those from `other`.
Status check_imports(const Module& module, std::string_view other);

}  // namespace mayfly::sandbox
