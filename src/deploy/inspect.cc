#include "deploy/inspect.h"

#include "deploy/bundle.h"
#include "deploy/upload.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <iterator>

namespace mayfly::deploy {
namespace {

namespace json = boost::json;

std::string format_of(const FileInspection& inspection) {
  return fmt::format("{}{}", inspection.is_bundle ? "bundle with a " : "", name_of(inspection.module.format));
}

std::string_view kind_of(const FileInspection& inspection) {
  return inspection.cgi ? "cgi" : name_of(inspection.module.entry->kind);
}

json::array strings(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

}  // namespace

Result<FileInspection> inspect(std::string bytes) {
  FileInspection inspection;
  inspection.is_bundle = is_zip(bytes);
  if (inspection.is_bundle) {
    const auto bundle = unzip(bytes);
    if (!bundle) return fail(bundle.error());
    inspection.bundle_files = bundle->files.size();
  }
  auto upload = read_upload("inspected", std::move(bytes), {});
  if (!upload) return fail(std::move(upload.error()));
  auto module = sandbox::inspect(upload->bytes, upload->settings.entry);
  if (!module) return fail(std::move(module.error()));
  inspection.module = std::move(*module);
  inspection.size = upload->bytes.size();
  inspection.cgi = upload->settings.cgi;
  return inspection;
}

json::object to_json(const FileInspection& inspection) {
  const sandbox::Inspection& module = inspection.module;
  json::object object{{"format", format_of(inspection)}, {"size", inspection.size}};
  if (inspection.is_bundle) object["bundle_files"] = inspection.bundle_files;
  object["kind"] = module.entry ? json::value(kind_of(inspection)) : json::value();
  object["entry"] = module.entry ? json::value(module.entry->name) : json::value();
  if (module.why_not) {
    object["refused"] = json::object{{"type", fmt::format("/_mayfly/errors/{}", describe(module.why_not->code).slug)},
                                     {"detail", module.why_not->message}};
  }
  json::array imports, sections;
  for (const auto& [name, provided] : module.imports) {
    imports.emplace_back(json::object{{"name", name}, {"provided", provided}});
  }
  for (const auto& [name, bytes] : module.sections)
    sections.emplace_back(json::object{{"name", name}, {"bytes", bytes}});
  object["imports"] = std::move(imports);
  object["exports"] = strings(module.exports);
  object["needs"] = strings(module.needs);
  object["sections"] = std::move(sections);
  if (!module.wit.empty()) object["wit"] = module.wit;
  if (!module.wit_error.empty()) object["wit_error"] = module.wit_error;
  return object;
}

std::string to_text(const FileInspection& inspection) {
  const sandbox::Inspection& module = inspection.module;
  std::string text;
  const auto add = [&]<typename... Values>(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Values>(values)...);
  };
  add("{}, {} bytes{}\n", format_of(inspection), inspection.size,
      inspection.is_bundle ? fmt::format(", of {} files", inspection.bundle_files) : "");
  if (module.entry)
    add("kind {}{}{}\n", kind_of(inspection), module.entry->name.empty() ? "" : ", entry ", module.entry->name);
  if (module.why_not) add("cannot be deployed: {}\n", module.why_not->message);
  add("needs to: {}\n", module.needs.empty() ? "compute" : fmt::format("{}", fmt::join(module.needs, ", ")));
  if (!module.imports.empty()) add("\nimports\n");
  for (const auto& [name, provided] : module.imports) add("  {}{}\n", name, provided ? "" : "  (not provided)");
  if (!module.exports.empty()) add("\nexports\n");
  for (const std::string& name : module.exports) add("  {}\n", name);
  add("\nsections, bytes\n");
  for (const auto& [name, bytes] : module.sections) add("  {:10} {}\n", bytes, name);
  if (!module.wit.empty()) add("\n{}", module.wit);
  if (!module.wit_error.empty()) add("\nno WIT: {}\n", module.wit_error);
  return text;
}

}  // namespace mayfly::deploy
