#include "sandbox/inspect.h"

#include "sandbox/capabilities.h"
#include "sandbox/handle.h"
#include "sandbox/linker.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace mayfly::sandbox {
namespace {

namespace json = boost::json;

// The packages of interfaces that components may import: of WASI 0.2 and 0.3.
constexpr std::array kPackages = {"wasi:cli/",    "wasi:clocks/", "wasi:filesystem/", "wasi:http/",
                                  "wasi:random/", "wasi:io/",     "wasi:sockets/"};

bool is_provided(std::string_view interface) {
  const bool known =
      std::ranges::any_of(kPackages, [&](const char* package) { return interface.starts_with(package); });
  const auto version = interface.substr(std::min(interface.find('@'), interface.size()));
  return known && (version.starts_with("@0.2.") || version.starts_with("@0.3."));
}

std::string text(const json::object& object, const char* member) {
  const json::value* found = object.if_contains(member);
  return found != nullptr ? std::string(found->as_string()) : "";
}

ExternKind extern_kind(std::string_view name) {
  if (name == "function") return ExternKind::kFunction;
  if (name == "memory") return ExternKind::kMemory;
  if (name == "table") return ExternKind::kTable;
  return name == "global" ? ExternKind::kGlobal : ExternKind::kOther;
}

void refuse_imports(Inspection& inspection) {
  std::string list;
  for (const auto& [name, provided] : inspection.imports) {
    if (!provided) fmt::format_to(std::back_inserter(list), "{}`{}`", list.empty() ? "" : ", ", name);
  }
  if (list.empty()) return;
  inspection.why_not = {ErrorCode::kUnknownImport, "it imports what this server does not provide: " + list};
}

// As Engine::load finds it out, in its order.
void read_module(const json::object& found, std::string_view wanted, Inspection& inspection) {
  ModuleNames names;
  for (const json::value& each : found.at("imports").as_array()) {
    const json::object& import = each.as_object();
    names.imports.push_back({text(import, "module"), text(import, "name"), extern_kind(text(import, "kind"))});
    const bool unknown = !not_provided(std::span(&names.imports.back(), 1)).empty();
    inspection.imports.push_back({names.imports.back().module + '.' + names.imports.back().name, !unknown});
  }
  for (const json::value& each : found.at("exports").as_array()) {
    const json::object& described = each.as_object();
    Export made{text(described, "name"), extern_kind(text(described, "kind"))};
    set_callable(made, static_cast<std::uint8_t>(described.at("callable").to_number<int>()));
    inspection.exports.push_back(made.name);
    names.exports.push_back(std::move(made));
  }
  inspection.needs = needs(abilities_of(names.imports));
  refuse_imports(inspection);
  auto entry = find_entry_point(names, wanted);
  if (entry) inspection.entry = std::move(*entry);
  else if (!inspection.why_not) inspection.why_not = std::move(entry.error());
}

void read_component(const json::object& found, Inspection& inspection) {
  std::string interfaces;
  for (const json::value& each : found.at("imports").as_array()) {
    const std::string name = text(each.as_object(), "name");
    interfaces += name + '\n';
    inspection.imports.push_back({name, is_provided(name)});
  }
  for (const json::value& each : found.at("exports").as_array()) {
    inspection.exports.push_back(text(each.as_object(), "name"));
  }
  inspection.needs = needs(abilities_of_interfaces(interfaces));
  inspection.wit = text(found, "wit");
  inspection.wit_error = text(found, "wit_error");
  refuse_imports(inspection);
  const std::string world = text(found, "world");
  if (const auto kind = kind_named(world)) inspection.entry = EntryPoint{*kind, ""};
  const std::string why = text(found, "why");
  if (!why.empty() && !inspection.why_not) inspection.why_not = {ErrorCode::kNoEntryPoint, why};
}

}  // namespace

std::string_view name_of(UploadKind format) {
  switch (format) {
    case UploadKind::kBinary: return "module";
    case UploadKind::kText: return "module text";
    case UploadKind::kComponent: return "component";
    case UploadKind::kComponentText: return "component text";
    case UploadKind::kUnknown: return "unknown";
  }
  return "";
}

Result<Inspection> inspect(std::string_view bytes, std::string_view wanted) {
  Inspection inspection{.format = sniff(bytes)};
  Bytes binary;
  if (inspection.format == UploadKind::kUnknown) return fail(not_wasm(bytes));
  if (inspection.format == UploadKind::kText || inspection.format == UploadKind::kComponentText) {
    auto* error = wasmtime_wat2wasm(bytes.data(), bytes.size(), &binary);
    if (error != nullptr) return fail(ErrorCode::kBadModule, message_of(error));
    bytes = binary.view();
  }
  Bytes facts;
  auto* error = mayfly_inspect(as_bytes(bytes), bytes.size(), &facts);
  if (error != nullptr) return fail(ErrorCode::kBadModule, message_of(error));
  const json::value read = json::parse(json::string_view(facts.data, facts.size));
  const json::object& found = read.as_object();
  if (text(found, "format") == "component") read_component(found, inspection);
  else read_module(found, wanted, inspection);
  for (const json::value& each : found.at("sections").as_array()) {
    const json::object& section = each.as_object();
    inspection.sections.push_back({text(section, "name"), section.at("bytes").to_number<std::uint64_t>()});
  }
  return inspection;
}

}  // namespace mayfly::sandbox
