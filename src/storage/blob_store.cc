#include "storage/blob_store.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::storage {
namespace {

constexpr std::size_t kDigestDigits = 64;
constexpr std::size_t kFolderDigits = 2;  // 256 folders: few names in each, few folders to make

bool is_digest(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigestDigits && std::all_of(text.begin(), text.end(), is_hex);
}

}  // namespace

Result<std::unique_ptr<BlobStore>> BlobStore::open(FileSystem& files, std::string folder) {
  std::unique_ptr<BlobStore> store(new BlobStore(files, std::move(folder)));  // private constructor
  const auto leftovers =
      files.make_folder(store->folder_).and_then([&] { return files.make_folder(store->incoming()); }).and_then([&] {
        return files.list_folder(store->incoming());
      });
  if (!leftovers) return fail(leftovers.error());
  for (const std::string& name : *leftovers) {
    if (Status removed = files.remove_file(store->incoming() + "/" + name); !removed) {
      return fail(std::move(removed.error()));
    }
  }
  return store;
}

Result<std::string> BlobStore::put(std::string_view bytes) {
  const std::string digest = sha256_hex(bytes);
  const std::string name = digest.substr(kFolderDigits);
  const std::string folder = folder_ + "/" + digest.substr(0, kFolderDigits);
  if (Status made = files_.make_folder(folder); !made) return fail(std::move(made.error()));

  // What is there already is synced, too: an earlier put may have been stopped before it did.
  const Status kept = read(digest)
                          ? files_.sync_folder(folder)
                          : write_durably(files_, fmt::format("{}/{}", incoming(), puts_++), folder, name, bytes);
  const Status durable = kept.and_then([&] { return files_.sync_folder(folder_); });
  if (!durable) return fail(durable.error());
  return digest;
}

// Digests come from records, and a damaged record must not become a path.
Result<std::string> BlobStore::path_of(std::string_view digest) const {
  if (!is_digest(digest)) return fail(ErrorCode::kStorage, fmt::format("'{}' is not a blob digest", digest));
  return fmt::format("{}/{}/{}", folder_, digest.substr(0, kFolderDigits), digest.substr(kFolderDigits));
}

Result<std::string> BlobStore::read(std::string_view digest) const {
  const auto path = path_of(digest);
  if (!path) return fail(path.error());
  auto bytes = files_.read_file(*path);
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return fail(ErrorCode::kStorage, fmt::format("blob {} is missing", *path));
  if (sha256_hex(**bytes) != digest) {
    return fail(ErrorCode::kStorage,
                fmt::format("blob {} is damaged; deploying the same module again mends it", *path));
  }
  return std::move(**bytes);
}

Status BlobStore::remove(std::string_view digest) {
  return path_of(digest).and_then([&](const std::string& path) { return files_.remove_file(path); });
}

}  // namespace mayfly::storage
