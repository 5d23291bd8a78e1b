#include "sandbox/kind.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::sandbox {
namespace {

std::string list_exports(const ModuleNames& module) {
  std::string names;
  for (const Export& found : module.exports) {
    if (found.kind != ExternKind::kFunction) continue;
    const std::string_view why_not = found.why_not_callable;
    fmt::format_to(std::back_inserter(names), "{}`{}`{}", names.empty() ? "" : ", ", found.name,
                   why_not.empty() ? "" : fmt::format(" ({})", why_not));
  }
  return names.empty() ? "it exports no functions" : "it exports " + names;
}

bool sets_response(const ModuleNames& module) {
  return std::ranges::any_of(module.imports, [](const Import& import) {
    return import.module == "env" && import.name.starts_with("response_set_");
  });
}

Kind kind_of(const ModuleNames& module, const Export& entry) {
  if (entry.returns_number) return Kind::kRun;
  if (sets_response(module)) return Kind::kHandle;
  return entry.name == "handler" ? Kind::kHandler : Kind::kCommand;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kRun: return "run";
    case Kind::kCommand: return "command";
    case Kind::kHandle: return "handle";
    case Kind::kHandler: return "handler";
    case Kind::kHttp: return "http";
    case Kind::kExec: return "exec";
    case Kind::kTyped: return "typed";
    case Kind::kSource: return "source";
    case Kind::kPipeline: return "pipeline";
  }
  return "";
}

std::optional<Kind> kind_named(std::string_view name) {
  for (const Kind kind : {Kind::kRun, Kind::kCommand, Kind::kHandle, Kind::kHandler, Kind::kHttp, Kind::kExec,
                          Kind::kTyped, Kind::kSource, Kind::kPipeline}) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

Result<EntryPoint> find_entry_point(const ModuleNames& module, std::string_view wanted) {
  const auto callable = [](const Export* found) { return found != nullptr && found->why_not_callable.empty(); };
  if (!wanted.empty()) {
    const Export* found = module.find_export(wanted);
    if (callable(found)) return EntryPoint{kind_of(module, *found), std::string(wanted)};
    return fail(ErrorCode::kNoEntryPoint,
                fmt::format("the module has no function `{}` without parameters: {}", wanted, list_exports(module)));
  }
  for (const auto* name : {"_start", "run", "handle", "handler"}) {
    const Export* found = module.find_export(name);
    if (!callable(found)) continue;
    // `run` is called for its number; one without a result is a name like any other.
    if (found->name == "run" && !found->returns_number) continue;
    return EntryPoint{kind_of(module, *found), name};
  }
  return fail(ErrorCode::kNoEntryPoint,
              fmt::format("the module exports none of `_start`, `run`, `handle`, `handler` as a function without "
                          "parameters: {}",
                          list_exports(module)));
}

Result<EntryPoint> find_command(const ModuleNames& module, std::string_view name) {
  const Export* found = module.find_export(name);
  if (found != nullptr && found->why_not_callable.empty()) return EntryPoint{Kind::kCommand, std::string(name)};
  return fail(ErrorCode::kNoSuchExport,
              fmt::format("the module has no function `{}` without parameters: {}", name, list_exports(module)));
}

}  // namespace mayfly::sandbox
