#include "storage/s3/answers.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <ctime>

namespace mayfly::storage::s3 {
namespace {

constexpr unsigned kParse = pugi::parse_default | pugi::parse_ws_pcdata_single;

Result<pugi::xml_node> root_of(pugi::xml_document& document, std::string_view xml, const char* name) {
  const auto parsed = document.load_buffer(xml.data(), xml.size(), kParse);
  if (!parsed) {
    return fail(ErrorCode::kStoreRefused,
                fmt::format("the store's answer is no XML: {}, at byte {}", parsed.description(), parsed.offset));
  }
  const pugi::xml_node root = document.child(name);
  if (!root) return fail(ErrorCode::kStoreRefused, fmt::format("the store's answer is no {}", name));
  return root;
}

std::string text(const pugi::xml_node& node, const char* child) { return node.child(child).child_value(); }
bool is_true(const pugi::xml_node& node, const char* child) { return text(node, child) == "true"; }

ListedVersion version_of(const pugi::xml_node& node, bool is_deletion) {
  return {.key = text(node, "Key"),
          .version = text(node, "VersionId"),
          .etag = text(node, "ETag"),
          .size = node.child("Size").text().as_ullong(),
          .modified = read_time(node.child("LastModified").child_value()),
          .is_latest = is_true(node, "IsLatest"),
          .is_deletion = is_deletion};
}

}  // namespace

Refusal read_refusal(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), kParse)) return {};
  const pugi::xml_node error = document.child("Error");
  return {text(error, "Code"), text(error, "Message")};
}

Result<ListPage> read_list(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_of(document, xml, "ListBucketResult");
  if (!root) return fail(root.error());
  ListPage page;
  for (const pugi::xml_node& object : root->children("Contents")) {
    page.objects.push_back({text(object, "Key"), text(object, "ETag")});
  }
  for (const pugi::xml_node& prefix : root->children("CommonPrefixes")) page.prefixes.push_back(text(prefix, "Prefix"));
  if (is_true(*root, "IsTruncated")) page.next = text(*root, "NextContinuationToken");
  return page;
}

Result<VersionPage> read_versions(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_of(document, xml, "ListVersionsResult");
  if (!root) return fail(root.error());
  VersionPage page;
  for (const pugi::xml_node& child : root->children()) {
    const std::string_view name = child.name();
    if (name == "Version" || name == "DeleteMarker") page.versions.push_back(version_of(child, name == "DeleteMarker"));
  }
  if (is_true(*root, "IsTruncated")) {
    page.next_key = text(*root, "NextKeyMarker");
    page.next_version = text(*root, "NextVersionIdMarker");
  }
  return page;
}

std::int64_t read_time(std::string_view text) {
  std::tm time{};
  const std::string copy(text.substr(0, 19));
  const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (end == nullptr || *end != '\0') return 0;
  return static_cast<std::int64_t>(::timegm(&time)) * 1000;
}

}  // namespace mayfly::storage::s3
