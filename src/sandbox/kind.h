#pragma once

#include "sandbox/module.h"

#include <optional>
#include <string>
#include <string_view>

namespace mayfly::sandbox {

// How a function is called and where its response comes from (ARCHITECTURE.md, "What a function may be").
enum class Kind {
  kRun,       // an export returns a number: its text is the response
  kCommand,   // WASI preview1: body on stdin, the response is stdout
  kHandle,    // the response is set with response_set_*
  kHandler,   // as a command, with the export `handler` and JSON on both sides
  kHttp,      // a component that exports a wasi:http handler
  kExec,      // a component that exports `exec`: the body is its argument, what it returns is the response, JSON both
  kTyped,     // a component that exports functions of its own: each answers at a path, with JSON by its types
  kSource,    // source, in an interpreter that has loaded it: the request on stdin, the response is stdout, both with
              // heads
  kPipeline,  // other functions, one after the other: it has no code of its own
};

std::string_view name_of(Kind kind);
std::optional<Kind> kind_named(std::string_view name);

struct EntryPoint {
  Kind kind;
  std::string name;  // of the export that is called

  bool operator==(const EntryPoint&) const = default;
};

// Finds out what a module is. `wanted` names an export to call, "" to choose: `_start`, then `run`, `handle`,
// `handler`. kNoEntryPoint, listing the exports, when there is none.
Result<EntryPoint> find_entry_point(const ModuleNames& module, std::string_view wanted);

// An export of a CGI module: called for what it writes, whatever it returns. kNoSuchExport, listing those there are.
Result<EntryPoint> find_command(const ModuleNames& module, std::string_view name);

}  // namespace mayfly::sandbox
