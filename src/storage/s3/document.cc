#include "storage/s3/document.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace mayfly::storage::s3 {
namespace {

namespace json = boost::json;

constexpr std::int64_t kFormat = 1;

std::string text(const json::object& object, const char* member) {
  return json::value_to<std::string>(object.at(member));
}

Document read(const json::object& object) {
  if (object.at("format").as_int64() > kFormat) throw std::invalid_argument("a newer mayfly wrote it");
  Document document{.function = text(object, "function"), .active = text(object, "active"), .versions = {}};
  for (const json::value& each : object.at("versions").as_array()) {
    const json::object& version = each.as_object();
    document.versions.push_back({.function = document.function,
                                 .digest = text(version, "digest"),
                                 .artefact = text(version, "artefact"),
                                 .manifest = text(version, "manifest"),
                                 .size = version.at("size").to_number<std::uint64_t>(),
                                 .created = version.at("created").to_number<std::int64_t>()});
  }
  if (document.find(document.active) == document.versions.end()) throw std::invalid_argument("no active version");
  return document;
}

}  // namespace

std::string to_json(const Document& document) {
  json::array versions;
  for (const VersionRecord& version : document.versions) {
    versions.emplace_back(json::object{{"digest", version.digest},
                                       {"artefact", version.artefact},
                                       {"manifest", version.manifest},
                                       {"size", version.size},
                                       {"created", version.created}});
  }
  return json::serialize(json::object{{"format", kFormat},
                                      {"function", document.function},
                                      {"active", document.active},
                                      {"versions", std::move(versions)}});
}

Result<Document> parse_document(std::string_view text) try {
  return read(json::parse(text).as_object());
} catch (const std::exception& error) {
  return fail(ErrorCode::kStoreDamaged, fmt::format("the record of a function cannot be read: {}", error.what()));
}

}  // namespace mayfly::storage::s3
