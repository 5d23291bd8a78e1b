#pragma once

#include "base/result.h"
#include "sandbox/handle.h"
#include "sandbox/module.h"

namespace mayfly::sandbox {

// A linker with every host function there is.
Result<LinkerHandle> make_linker(wasm_engine_t* engine);

// kUnknownImport, naming each import that no host function answers, with a hint where one is known.
Status check_imports(const Module& module);

}  // namespace mayfly::sandbox
