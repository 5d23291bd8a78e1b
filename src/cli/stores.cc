#include "cli/stores.h"

#include "storage/embedded_objects.h"
#include "storage/embedded_storage.h"
#include "storage/s3/s3_folders.h"
#include "storage/s3/s3_objects.h"
#include "storage/s3/s3_storage.h"

#include <fmt/format.h>

#include <cstdlib>

namespace mayfly::cli {
namespace {

namespace s3 = storage::s3;

// Who starts a server is to see at once why a store cannot be used.
Error at_start(Error error, const std::string& url, const std::string& endpoint) {
  if (error.code == ErrorCode::kUnknownBucket) error.code = ErrorCode::kStoreRefused;
  error.message = fmt::format("cannot use --store {} at {}: {}", url, endpoint, error.message);
  return error;
}

Result<Stores> open_embedded(storage::FileSystem& files, const storage::DataFolder& folder) {
  auto functions = storage::EmbeddedStorage::open(files, folder);
  if (!functions) return fail(std::move(functions.error()));
  auto objects = storage::EmbeddedObjects::open(files, folder);
  if (!objects) return fail(std::move(objects.error()));
  return Stores{.functions = std::move(*functions), .files = std::move(*objects)};
}

// One bucket has the functions and the files.
Result<Stores> open_bucket(std::unique_ptr<s3::Client> client, s3::Location location, storage::FileSystem& files,
                           const storage::DataFolder& folder) {
  auto functions = s3::S3Storage::open(files, folder, *client, location);
  if (!functions) return fail(std::move(functions.error()));
  auto objects = s3::S3Objects::open(files, folder, *client);
  if (!objects) return fail(std::move(objects.error()));
  auto folders = std::make_unique<s3::S3Folders>(*client, std::move(*objects), std::move(location));
  return Stores{.client = std::move(client), .functions = std::move(*functions), .files = std::move(folders)};
}

// The files are in the buckets that there are; the functions of the API are in the data folder.
Result<Stores> open_buckets(std::unique_ptr<s3::Client> client, storage::FileSystem& files,
                            const storage::DataFolder& folder) {
  // A server that is away may come back; one that does not know our key will not.
  if (auto known = client->check_key_pair(); !known && known.error().code != ErrorCode::kStoreAway) {
    return fail(std::move(known.error()));
  }
  auto functions = storage::EmbeddedStorage::open(files, folder);
  if (!functions) return fail(std::move(functions.error()));
  auto objects = s3::S3Objects::open(files, folder, *client);
  if (!objects) return fail(std::move(objects.error()));
  return Stores{.client = std::move(client),
                .functions = std::move(*functions),
                .files = std::move(*objects),
                .serves_buckets = true};
}

}  // namespace

Result<Stores> open_stores(const std::string& url, storage::FileSystem& files, const storage::DataFolder& folder) {
  if (url.empty()) return open_embedded(files, folder);
  auto location = s3::parse_location(url);
  if (!location) return fail(std::move(location.error()));
  auto settings = s3::read_settings([](const char* name) { return std::getenv(name); });
  if (!settings) return fail(std::move(settings.error()));
  const std::string endpoint = settings->endpoint;
  auto client = std::make_unique<s3::Client>(std::move(*settings));
  auto stores = location->bucket.empty() ? open_buckets(std::move(client), files, folder)
                                         : open_bucket(std::move(client), std::move(*location), files, folder);
  return std::move(stores).map_error([&](Error error) { return at_start(std::move(error), url, endpoint); });
}

}  // namespace mayfly::cli
