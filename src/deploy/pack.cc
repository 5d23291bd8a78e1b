#include "deploy/pack.h"

#include "base/file.h"
#include "sandbox/handle.h"

#include <fmt/format.h>
#include <zip.h>

namespace mayfly::deploy {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadBundle, std::move(message)); }

class FolderReader {
 public:
  explicit FolderReader(const fs::path& folder) : folder_(folder) {}

  Status add(const std::string& named) {
    const fs::path path = fs::path(named).lexically_normal();
    if (path.empty() || path.is_absolute() || *path.begin() == "..") {
      return bad(fmt::format("`{}` is not inside the folder of the function.toml", named));
    }
    const fs::path whole = folder_ / path;
    std::error_code error;
    if (!fs::is_directory(whole, error)) return add_file(whole);
    for (fs::recursive_directory_iterator it(whole, error); !error && it != end(it); it.increment(error)) {
      if (it->is_directory(error) && !it->is_symlink(error)) continue;
      if (auto added = add_file(it->path()); !added) return added;
    }
    return error ? Status(bad(fmt::format("cannot read {}: {}", whole.string(), error.message()))) : Status();
  }

  Bundle take() { return std::move(bundle_); }

 private:
  Status add_file(const fs::path& file) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(file, error);
    if (!fs::exists(status)) return bad(fmt::format("there is no {}", file.string()));
    if (!fs::is_regular_file(status)) return bad(fmt::format("{} is neither a file nor a folder", file.string()));
    const auto size = fs::file_size(file, error);
    if (error || size > room_)
      return bad(fmt::format("the files pass {} MiB, with {}", kBundleBytes >> 20, file.string()));
    auto bytes = read_file(file);
    if (!bytes) return fail(std::move(bytes.error()));
    room_ -= size;
    bundle_.files.insert_or_assign(file.lexically_normal().lexically_relative(folder_.lexically_normal()),
                                   std::move(*bytes));
    if (bundle_.files.size() > kBundleFiles) return bad(fmt::format("there are more than {} files", kBundleFiles));
    return {};
  }

  const fs::path& folder_;
  Bundle bundle_;
  std::uintmax_t room_ = kBundleBytes;
};

// The buffer that a zip is written to.
using Source = sandbox::Handle<zip_source_t, zip_source_free>;

Result<std::string> read_all(zip_source_t* source) {
  zip_stat_t stat;
  if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) return bad("cannot read back the zip");
  std::string bytes(stat.size, '\0');
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got != static_cast<zip_int64_t>(bytes.size())) return bad("cannot read back the zip");
  return bytes;
}

// Stored as it is, with the first time that a zip knows: compressors and clocks differ.
bool add_entry(zip_t* archive, const std::string& path, const std::string& bytes) {
  constexpr zip_uint16_t kFirstDay = (1 << 5) | 1;  // of January 1980
  zip_source_t* content = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  const zip_int64_t index = zip_file_add(archive, path.c_str(), content, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(content);
    return false;
  }
  const auto entry = static_cast<zip_uint64_t>(index);
  return zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) == 0 &&
         zip_file_set_dostime(archive, entry, 0, kFirstDay, 0) == 0;
}

}  // namespace

Result<Bundle> read_files(const fs::path& folder, const std::vector<std::string>& paths) {
  FolderReader reader(folder);
  for (const std::string& path : paths) {
    if (auto added = reader.add(path); !added) return fail(std::move(added.error()));
  }
  return reader.take();
}

Result<std::string> zip(const Bundle& bundle) {
  const Source source(zip_source_buffer_create(nullptr, 0, 0, nullptr));
  if (!source) return bad("cannot make a zip");
  zip_source_keep(source.get());  // the archive drops one reference
  zip_t* archive = zip_open_from_source(source.get(), ZIP_TRUNCATE, nullptr);
  if (archive == nullptr) {
    zip_source_free(source.get());
    return bad("cannot make a zip");
  }
  for (const auto& [path, bytes] : bundle.files) {
    if (add_entry(archive, path, bytes)) continue;
    auto failure = bad(fmt::format("{}: {}", path, zip_strerror(archive)));
    zip_discard(archive);
    return failure;
  }
  if (zip_close(archive) != 0) {
    auto failure = bad(zip_strerror(archive));
    zip_discard(archive);
    return failure;
  }
  return read_all(source.get());
}

}  // namespace mayfly::deploy
