#pragma once

#include "sandbox/handle.h"

#include <string>
#include <string_view>

namespace mayfly::sandbox {

// Compiled modules on disk, one file each: what the engine wrote, then a trailer with its length and checksum. A
// file is native code, so the folder is ours alone (0700) and a file that is damaged, of another owner or of
// another engine is not used; load() then answers null and the module is compiled again.
//
// Files are written aside, renamed into place and only ever unlinked: they may be mapped. Any thread.
class CodeCache {
 public:
  // An empty folder name means no cache. `fingerprint` differs whenever code of the engine could differ.
  CodeCache(std::string folder, std::string fingerprint);

  // Maps the compiled module of an artefact, or null.
  ModuleHandle load(wasm_engine_t* engine, std::string_view artefact) const;
  // Best effort: a cache that cannot be written only costs time.
  void store(wasmtime_module_t* module, std::string_view artefact) const;

 private:
  std::string path(std::string_view artefact) const;

  std::string folder_;
  std::string fingerprint_;
};

}  // namespace mayfly::sandbox
