#include "sandbox/image.h"

#include "sandbox/handle.h"
#include "sandbox/module.h"

#include <fmt/format.h>

namespace mayfly::sandbox {

Result<Split> split_for_images(std::string_view module) {
  const auto bad = [](wasmtime_error_t* error) {
    return fail(ErrorCode::kBadModule, fmt::format("no image can be taken of the module: {}", message_of(error)));
  };
  Bytes binary;
  if (sniff(module) == UploadKind::kText) {
    if (auto* error = wasmtime_wat2wasm(module.data(), module.size(), &binary)) return bad(error);
    module = binary.view();
  }
  Bytes code, base;
  if (auto* error = mayfly_image_split(as_bytes(module), module.size(), &code, &base)) return bad(error);
  return Split{std::string(code.view()), std::string(base.view())};
}

std::string_view identity_of(const Module& image) {
  for (const Export& each : image.exports()) {
    if (each.name.starts_with("image ")) return each.name;
  }
  return "";
}

}  // namespace mayfly::sandbox
