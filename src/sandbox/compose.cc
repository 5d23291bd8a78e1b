#include "sandbox/compose.h"

#include "sandbox/handle.h"
#include "sandbox/module.h"

#include <fmt/format.h>

#include <vector>

namespace mayfly::sandbox {
namespace {

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadComposition, std::move(message)); }

Result<std::string> to_binary(std::string_view component, std::string_view name) {
  switch (sniff(component)) {
    case UploadKind::kComponent: return std::string(component);
    case UploadKind::kComponentText: break;
    case UploadKind::kBinary:
    case UploadKind::kText: return bad(fmt::format("{} is a core module, and only components are composed", name));
    case UploadKind::kUnknown: return bad(fmt::format("{} is no component", name));
  }
  Bytes binary;
  if (auto* error = wasmtime_wat2wasm(component.data(), component.size(), &binary)) {
    return fail(ErrorCode::kBadModule, message_of(error));
  }
  return std::string(binary.view());
}

}  // namespace

Result<std::string> compose(std::string_view component, std::span<const Plug> plugs) {
  const auto socket = to_binary(component, "the upload");
  if (!socket) return socket;
  std::vector<std::string> binaries;
  for (const Plug& plug : plugs) {
    auto binary = to_binary(plug.bytes, fmt::format("`{}`", plug.name));
    if (!binary) return binary;
    binaries.push_back(std::move(*binary));
  }
  std::vector<mayfly_plug_t> raw;
  for (std::size_t i = 0; i < plugs.size(); ++i) {
    raw.push_back({as_bytes(plugs[i].name), plugs[i].name.size(), as_bytes(binaries[i]), binaries[i].size()});
  }
  Bytes composed;
  if (auto* error = mayfly_compose(as_bytes(*socket), socket->size(), raw.data(), raw.size(), &composed)) {
    return bad(message_of(error));
  }
  return std::string(composed.view());
}

}  // namespace mayfly::sandbox
