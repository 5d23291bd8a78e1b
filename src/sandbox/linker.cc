#include "sandbox/linker.h"

#include "sandbox/host/assemblyscript.h"
#include "sandbox/host/emscripten.h"
#include "sandbox/host/experimental_http.h"
#include "sandbox/host/handle.h"
#include "sandbox/host_function.h"
#include "sandbox/wasi/preview1.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mayfly::sandbox {
namespace {

using FunctionType = Handle<wasm_functype_t, wasm_functype_delete>;

wasm_valtype_vec_t value_types(std::string_view letters) {
  wasm_valtype_vec_t types;
  wasm_valtype_vec_new_uninitialized(&types, letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    types.data[i] = wasm_valtype_new(letters[i] == 'I' ? WASM_I64 : letters[i] == 'D' ? WASM_F64 : WASM_I32);
  }
  return types;
}

FunctionType function_type(std::string_view shape) {
  const auto colon = shape.find(':');
  const std::string_view result = shape.substr(colon + 1);
  wasm_valtype_vec_t parameters = value_types(shape.substr(0, colon));
  wasm_valtype_vec_t results = value_types(result == "-" ? "" : result);
  return FunctionType(wasm_functype_new(&parameters, &results));  // takes both over
}

wasmtime_error_t* define(wasmtime_linker_t* linker, const HostFunction& function) {
  const auto& [module, name, shape, call, wait] = function;
  if (wait != nullptr) {
    return mayfly_linker_define_waiting(linker, as_bytes(module), module.size(), as_bytes(name), name.size(),
                                        as_bytes(shape), shape.size(), wait);
  }
  return wasmtime_linker_define_func_unchecked(linker, module.data(), module.size(), name.data(), name.size(),
                                               function_type(shape).get(), call, nullptr, nullptr);
}

std::array<std::span<const HostFunction>, 5> all_functions() {
  return {wasi::functions(), host::handle_functions(), host::emscripten_functions(), host::assemblyscript_functions(),
          host::experimental_http_functions()};
}

bool is_provided(const Import& import) {
  if (import.kind == ExternKind::kMemory) return import.module == "env" && import.name == "memory";
  if (import.kind != ExternKind::kFunction) return false;
  return std::ranges::any_of(all_functions(), [&](std::span<const HostFunction> functions) {
    return std::ranges::any_of(functions, [&](const HostFunction& function) {
      return function.module == import.module && function.name == import.name;
    });
  });
}

std::string_view hint(const Import& import) {
  if (import.module == "wasi_unstable") return " (WASI preview0: rebuild with a current compiler)";
  if (import.module == "wbg" || import.module.starts_with("__wbindgen")) return " (wasm-bindgen: made for browsers)";
  if (import.module == "gojs" || import.module == "go") return " (built with GOOS=js: use GOOS=wasip1)";
  if (import.module == "a") return " (Emscripten for browsers: build with -sSTANDALONE_WASM)";
  return "";
}

}  // namespace

Result<LinkerHandle> make_linker(wasm_engine_t* engine) {
  LinkerHandle linker(wasmtime_linker_new(engine));
  for (const auto functions : all_functions()) {
    for (const HostFunction& function : functions) {
      if (auto* error = define(linker.get(), function)) return fail(ErrorCode::kInternal, message_of(error));
    }
  }
  return linker;
}

std::vector<std::string> not_provided(std::span<const Import> imports) {
  std::vector<std::string> unknown;
  for (const Import& import : imports) {
    if (!is_provided(import)) unknown.push_back(fmt::format("`{}.{}`{}", import.module, import.name, hint(import)));
  }
  return unknown;
}

Status check_imports(const Module& module, std::string_view other) {
  std::vector<Import> imports = module.imports();
  std::erase_if(imports, [&](const Import& import) { return !other.empty() && import.module == other; });
  const std::vector<std::string> unknown = not_provided(imports);
  if (unknown.empty()) return {};
  return fail(ErrorCode::kUnknownImport,
              fmt::format("the module imports what this server does not provide: {}", fmt::join(unknown, ", ")));
}

}  // namespace mayfly::sandbox
