#include "sandbox/program.h"

#include "sandbox/engine.h"
#include "sandbox/handle.h"

#include <fmt/format.h>

namespace mayfly::sandbox {

Program::Program(Engine& engine, mayfly_program_t* linked, Facts facts)
    : engine_(engine), linked_(linked), may_rewind_(mayfly_program_rewinds(linked)), facts_(std::move(facts)) {
  engine_.add_modules(facts_.modules);
}

Program::Program(Engine& engine, mayfly_component_t* component, Facts facts)

    : engine_(engine),
      component_(component),
      may_rewind_(mayfly_component_rewinds(component)),
      facts_(std::move(facts)) {
  engine_.add_modules(facts_.modules);
}

std::optional<std::size_t> Program::find_function(std::string_view path) const {
  const auto found = mayfly_component_find_function(component_, {as_bytes(path), path.size()});
  return found < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(found));
}

std::string Program::function_paths() const {
  Bytes lines;
  mayfly_component_functions(component_, &lines);
  return std::string(lines.view());
}

std::string Program::openapi() const {
  Bytes json;
  mayfly_component_openapi(component_, &json);
  return std::string(json.view());
}

Status Program::check(const Limits& limits) const {
  const auto bad = [](std::string message) { return fail(ErrorCode::kBadOption, std::move(message)); };
  const Kind kind = entry().kind;
  if (kind != Kind::kHttp && limits.request_bytes > kHeldRequestBytes) {
    return bad(
        fmt::format("option `request`: it is at most {} MiB: functions of kind {} have the whole body in memory, "
                    "only those with a wasi:http handler take it while it arrives",
                    kHeldRequestBytes >> 20, name_of(kind)));
  }
  if (kind != Kind::kHttp && kind != Kind::kSource && limits.reuse > 1) {
    return bad(
        fmt::format("option `reuse`: it is 1 for functions of kind {}: only those with a wasi:http handler, and those "
                    "from source, are made to serve one request after the other",
                    name_of(kind)));
  }
  if (limits.reuse_concurrency > 1 && limits.reuse == 1) {
    return bad("option `reuse_concurrency`: a sandbox serves one request unless `reuse` says how many");
  }
  if (limits.reuse_concurrency > 1 && !facts_.takes_several) {
    return bad(
        "option `reuse_concurrency`: it is 1 for handlers of wasi:http 0.2 and functions from source, which take one "
        "request after the other; handlers of 0.3 take several at once");
  }
  return {};
}

Program::~Program() {
  if (linked_ != nullptr) mayfly_program_delete(linked_);
  if (component_ != nullptr) mayfly_component_delete(component_);
  engine_.remove_modules(facts_.modules);
}

}  // namespace mayfly::sandbox
