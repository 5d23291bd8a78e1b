#include "deploy/bundle.h"

#include "base/text.h"
#include "source/language.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zip.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace mayfly::deploy {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using File = std::unique_ptr<zip_file_t, Discard>;

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadBundle, std::move(message)); }

Result<Archive> open(std::string_view bytes) {
  // libzip takes nothing at all for an empty archive.
  if (!is_zip(bytes)) return bad("the file is not a zip: it does not start with `PK`");
  zip_error_t error;
  zip_error_init(&error);
  const auto message = [&] {
    const bool twice = zip_error_code_zip(&error) == ZIP_ER_EXISTS;
    std::string text =
        twice ? "an entry is there twice" : fmt::format("the zip is damaged: {}", zip_error_strerror(&error));
    zip_error_fini(&error);
    return text;
  };
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) return bad(message());
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive == nullptr) {
    zip_source_free(source);
    return bad(message());
  }
  zip_error_fini(&error);
  return Archive(archive);
}

Status check_path(std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return bad(fmt::format("entry `{}`: {}", to_utf8(path.substr(0, 100)), why));
  };
  if (path.empty() || path.size() > kBundlePathBytes)
    return refuse(fmt::format("a path has 1 to {} bytes", kBundlePathBytes));
  if (path.front() == '/' || (path.size() > 1 && path[1] == ':')) return refuse("the path is absolute");
  if (path.find('\\') != std::string_view::npos) return refuse("the path has a backslash");
  if (!is_utf8(path) || std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return refuse("the path is not plain UTF-8 text");
  }
  for (std::string_view rest = path; !rest.empty();) {
    const auto slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    if (segment == ".." || segment == "." || segment.empty())
      return refuse("the path has a `..`, `.` or empty segment");
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
  }
  return {};
}

bool is_plain_file(zip_t* archive, zip_uint64_t index) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0) return false;
  if (system != ZIP_OPSYS_UNIX) return true;
  const mode_t mode = attributes >> 16;
  return (mode & S_IFMT) == 0 || S_ISREG(mode);
}

Result<std::string> unpack(zip_t* archive, const zip_stat_t& entry, std::size_t room) {
  if (entry.size > room) return bad(fmt::format("the files pass {} MiB when unpacked", kBundleBytes >> 20));
  if (entry.size > kBundleRatio * (entry.comp_size + 1)) {
    return bad(fmt::format("entry `{}`: {} bytes unpack to {}", to_utf8(entry.name), entry.comp_size, entry.size));
  }
  const File file(zip_fopen_index(archive, entry.index, 0));
  if (!file) return bad(fmt::format("entry `{}`: {}", to_utf8(entry.name), zip_strerror(archive)));
  std::string bytes;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const zip_int64_t got = zip_fread(file.get(), buffer.data(), buffer.size());
    if (got < 0) return bad(fmt::format("entry `{}`: {}", to_utf8(entry.name), zip_file_strerror(file.get())));
    if (got == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (bytes.size() > entry.size)
      return bad(fmt::format("entry `{}`: it is longer than it says", to_utf8(entry.name)));
  }
}

}  // namespace

Result<Bundle> unzip(std::string_view bytes) {
  const auto archive = open(bytes);
  if (!archive) return fail(archive.error());
  const zip_int64_t count = zip_get_num_entries(archive->get(), 0);
  if (count > static_cast<zip_int64_t>(kBundleFiles)) return bad(fmt::format("it has {} entries", count));

  Bundle bundle;
  std::size_t room = kBundleBytes;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t entry;
    if (zip_stat_index(archive->get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW, &entry) != 0) {
      return bad(fmt::format("entry {}: {}", i, zip_strerror(archive->get())));
    }
    std::string_view path = entry.name;
    const bool folder = path.ends_with('/');
    if (folder) path.remove_suffix(1);
    if (auto checked = check_path(path); !checked) return fail(std::move(checked.error()));
    if (folder) continue;
    if (!is_plain_file(archive->get(), entry.index)) return bad(fmt::format("entry `{}` is not a plain file", path));
    if (bundle.files.contains(path)) return bad(fmt::format("entry `{}` is there twice", path));
    auto unpacked = unpack(archive->get(), entry, room);
    if (!unpacked) return fail(std::move(unpacked.error()));
    room -= unpacked->size();
    bundle.files.emplace(path, std::move(*unpacked));
  }
  return bundle;
}

Result<Metadata> read_metadata(const Bundle& bundle) {
  const auto refuse = [](std::string message) { return fail(ErrorCode::kBadMetadata, std::move(message)); };
  const auto found = bundle.files.find("metadata.json");
  if (found == bundle.files.end()) return refuse("the bundle has no metadata.json at its root");
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(found->second, error);
  if (error) return refuse("metadata.json is not JSON: " + error.message());
  if (!document.is_object()) return refuse("metadata.json is not a JSON object");
  const auto text = [&](std::string_view name) -> std::string {
    const auto* value = document.as_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
  };
  Metadata metadata{text("language"), text("entrypointFile")};
  if (metadata.language.empty()) return refuse("metadata.json has no text `language`");
  const auto language = source::canonical_language(metadata.language);
  if (language.empty() && metadata.language != "wasm") {
    return refuse(fmt::format("metadata.json names the language `{}`, which is none that there is",
                              to_utf8(metadata.language.substr(0, 50))));
  }
  metadata.language = language;
  if (metadata.entrypoint_file.empty()) return refuse("metadata.json has no text `entrypointFile`");
  if (!bundle.files.contains(metadata.entrypoint_file)) {
    return refuse(
        fmt::format("entrypointFile `{}` is not a file of the bundle", metadata.entrypoint_file.substr(0, 100)));
  }
  return metadata;
}

}  // namespace mayfly::deploy
