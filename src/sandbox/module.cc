#include "sandbox/module.h"

#include "base/text.h"
#include "sandbox/handle.h"
#include "sandbox/image.h"

#include <fmt/format.h>
#include <mayfly_engine.h>

#include <algorithm>

namespace mayfly::sandbox {
namespace {

std::string text(const wasm_name_t* name) { return {name->data, name->size}; }

ExternKind kind_of(const wasm_externtype_t* type) {
  switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC: return ExternKind::kFunction;
    case WASM_EXTERN_MEMORY: return ExternKind::kMemory;
    case WASM_EXTERN_TABLE: return ExternKind::kTable;
    case WASM_EXTERN_GLOBAL: return ExternKind::kGlobal;
    default: return ExternKind::kOther;
  }
}

std::string memory_provider(const wasm_externtype_t* type) {
  const auto* memory = wasm_externtype_as_memorytype_const(type);
  std::uint64_t maximum = 0;
  const bool bounded = wasmtime_memorytype_maximum(memory, &maximum);
  return fmt::format("(module (memory (export \"memory\") {}{} {}))", wasmtime_memorytype_is64(memory) ? "i64 " : "",
                     wasmtime_memorytype_minimum(memory), bounded ? fmt::to_string(maximum) : "");
}

}  // namespace

Module::Module(wasmtime_module* compiled, Tier tier) : compiled_(compiled), tier_(tier) {
  wasm_importtype_vec_t imports;
  wasmtime_module_imports(compiled_, &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const auto* type = wasm_importtype_type(imports.data[i]);
    names_.imports.push_back(
        {text(wasm_importtype_module(imports.data[i])), text(wasm_importtype_name(imports.data[i])), kind_of(type)});
    if (names_.imports.back().kind == ExternKind::kMemory) imported_memory_ = memory_provider(type);
  }
  wasm_importtype_vec_delete(&imports);

  wasm_exporttype_vec_t exports;
  wasmtime_module_exports(compiled_, &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    const auto* type = wasm_exporttype_type(exports.data[i]);
    if (text(wasm_exporttype_name(exports.data[i])).starts_with(kImageModule)) continue;  // of ours
    Export found{text(wasm_exporttype_name(exports.data[i])), kind_of(type)};
    set_callable(found, mayfly_module_callable(compiled_, as_bytes(found.name), found.name.size()));
    names_.exports.push_back(std::move(found));
  }
  wasm_exporttype_vec_delete(&exports);
}

Module::~Module() { wasmtime_module_delete(compiled_); }

const Export* ModuleNames::find_export(std::string_view name) const {
  const auto found = std::ranges::find(exports, name, &Export::name);
  return found == exports.end() ? nullptr : &*found;
}

void set_callable(Export& found, std::uint8_t callable) {
  switch (callable) {
    case MAYFLY_CALLABLE_T_NO_FUNCTION: found.why_not_callable = "is no function"; break;
    case MAYFLY_CALLABLE_T_TAKES_PARAMETERS: found.why_not_callable = "takes parameters"; break;
    case MAYFLY_CALLABLE_T_RETURNS_NO_NUMBER: found.why_not_callable = "returns no number"; break;
    case MAYFLY_CALLABLE_T_RETURNS_NUMBER: found.returns_number = true; break;
    default: break;
  }
}

UploadKind sniff(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\0asm"sv)) {
    // Bytes 4 to 8 are version and layer: layer 1 is a component.
    return bytes.size() >= 8 && bytes[6] == 1 ? UploadKind::kComponent : UploadKind::kBinary;
  }
  // Text starts with blanks, comments (`;;` to the end of the line, `(; ;)`) and then an opening parenthesis.
  for (;;) {
    const auto next = bytes.find_first_not_of(" \t\r\n");
    if (next == std::string_view::npos) return UploadKind::kUnknown;
    bytes.remove_prefix(next);
    const bool line = bytes.starts_with(";;");
    if (!line && !bytes.starts_with("(;")) break;
    const auto end = bytes.find(line ? "\n" : ";)");
    if (end == std::string_view::npos) return UploadKind::kUnknown;
    bytes.remove_prefix(line ? end + 1 : end + 2);
  }
  if (bytes.starts_with("(module") || bytes.starts_with("( module")) return UploadKind::kText;
  if (bytes.starts_with("(component") || bytes.starts_with("( component")) return UploadKind::kComponentText;
  return UploadKind::kUnknown;
}

Error not_wasm(std::string_view bytes) {
  if (bytes.empty()) return {ErrorCode::kNotWasm, "the file is empty"};
  const bool is_text = is_utf8(bytes) && bytes.find('\0') == std::string_view::npos;
  return {ErrorCode::kNotWasm,
          fmt::format("the file starts with the bytes {}{}", hex(bytes.substr(0, 8)),
                      is_text ? "; if it is source, say in what: ?language=NAME, or a file name with its ending" : "")};
}

}  // namespace mayfly::sandbox
