#pragma once

#include "base/guarded.h"
#include "storage/s3/answers.h"
#include "storage/s3/request.h"
#include "storage/s3/settings.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::storage::s3 {

// The S3 protocol: signed requests (SigV4), over connections that are kept. Blocks on the network, for at most the
// times in limits.h: never called on a loop. Any thread.
//
// Failures are kStoreAway when the server does not answer, or answers that it is in trouble, kUnknownBucket,
// kUnknownFile, kBucketExists, kBucketNotEmpty, kBadBucketName, kUnknownVersion, and kStoreRefused for everything else.
class Client {
 public:
  explicit Client(Settings settings);
  ~Client();
  Client(const Client&) = delete;

  const Settings& settings() const { return settings_; }

  // Whether the server takes our key, whatever that may do there. kStoreAway or kStoreRefused.
  Status check_key_pair() const;

  Status create_bucket(std::string_view bucket) const;
  Status remove_bucket(std::string_view bucket) const;

  struct Found {
    bool is_known = false;  // it still has the etag that the caller knows
    std::string bytes;
    std::string etag;
  };
  // `version` "" for the latest.
  Result<Found> get(std::string_view bucket, std::string_view key, std::string_view known = "",
                    std::string_view version = "") const;

  // What must hold for a put to happen.
  struct Condition {
    enum class Kind { kNone, kIsMissing, kHasEtag } kind = Kind::kNone;
    std::string etag = {};
  };
  // The new etag; nothing when the condition does not hold. A server that knows no conditions puts.
  Result<std::optional<std::string>> put(std::string_view bucket, std::string_view key, std::string_view bytes,
                                         const Condition& condition) const;
  Status put(std::string_view bucket, std::string_view key, std::string_view bytes) const;
  // Success, too, when there is no such object.
  Status remove(std::string_view bucket, std::string_view key) const;

  // All pages. With a delimiter, keys end at its first one behind the prefix and come once, as `prefixes`.
  struct List {
    std::vector<Listed> objects;
    std::vector<std::string> prefixes;
  };
  Result<List> list(std::string_view bucket, std::string_view prefix = "", std::string_view delimiter = "",
                    std::size_t page = 1000) const;
  // Of one key, the latest first.
  Result<std::vector<ListedVersion>> versions(std::string_view bucket, std::string_view key) const;

 private:
  struct Response;
  struct Handle;
  class Lent;

  Result<Response> send(const Request& request) const;
  Result<Response> send_once(const Request& request) const;
  // As send(), with what is no success as an error.
  Result<Response> succeed(const Request& request) const;

  const Settings settings_;
  mutable Guarded<std::vector<std::unique_ptr<Handle>>> idle_;  // connections that nobody uses
};

}  // namespace mayfly::storage::s3
