#include "storage/s3/s3_storage.h"

#include "base/text.h"
#include "storage/limits.h"
#include "storage/s3/cache_folder.h"

#include <fmt/format.h>

#include <set>

namespace mayfly::storage::s3 {
namespace {

constexpr std::string_view kFunctions = "functions/";
constexpr std::string_view kBlobs = "blobs/";
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kSeen = "";  // a name that no function has: the bucket was seen

bool is_away(const Error& error) { return error.code == ErrorCode::kStoreAway; }

bool is_missing(const Error& error) { return error.code == ErrorCode::kUnknownFile; }

}  // namespace

Result<std::unique_ptr<S3Storage>> S3Storage::open(FileSystem& files, const DataFolder& folder, const Client& client,
                                                   Location location) {
  const auto path = cache_folder(files, folder, client.settings(), location);
  if (!path) return fail(path.error());
  auto cache = Cache::open(files, *path);
  if (!cache) return fail(std::move(cache.error()));
  std::unique_ptr<S3Storage> storage(
      new S3Storage(client, std::move(location), std::move(*cache)));  // private constructor
  if (auto there = storage->check_bucket(); !there) return fail(std::move(there.error()));
  return storage;
}

// That the bucket is there and answers; or that it was, when it is away.
Status S3Storage::check_bucket() {
  const auto listed = client_.list(location_.bucket, location_.prefix + std::string(kFunctions), "/");
  if (listed) return cache_->keep({std::string(kSeen), "", ""});
  if (!is_away(listed.error())) return fail(listed.error());
  return cache_->find(kSeen).and_then(
      [&](const std::optional<Cache::Kept>& seen) { return seen ? Status() : fail(listed.error()); });
}

std::string S3Storage::key_of(std::string_view function) const {
  return fmt::format("{}{}{}{}", location_.prefix, kFunctions, function, kSuffix);
}

// The bucket has what matters: a cache that cannot be written costs time, and is tried again.
void S3Storage::keep(const Cache::Kept& kept) {
  (void)cache_->keep(kept);
  confirm(kept.name);
}

void S3Storage::confirm(const std::string& function) {
  auto confirmed = confirmed_.lock();
  (*confirmed)[function] = Clock::now();
}

Result<std::string> S3Storage::put_blob(std::string_view bytes) {
  std::string digest = sha256_hex(bytes);
  const std::string key = fmt::format("{}{}{}", location_.prefix, kBlobs, digest);
  if (auto put = client_.put(location_.bucket, key, bytes); !put) return fail(std::move(put.error()));
  (void)cache_->put_blob(bytes);
  return digest;
}

Result<std::string> S3Storage::read_blob(std::string_view digest) {
  if (auto cached = cache_->read_blob(digest)) return cached;
  const std::string key = fmt::format("{}{}{}", location_.prefix, kBlobs, digest);
  auto found = client_.get(location_.bucket, key);
  if (!found && is_missing(found.error())) {
    return fail(ErrorCode::kStoreDamaged, fmt::format("s3://{}/{} is missing", location_.bucket, key));
  }
  if (!found) return fail(std::move(found.error()));
  if (sha256_hex(found->bytes) != digest) {
    return fail(ErrorCode::kStoreDamaged, fmt::format("s3://{}/{} has {} bytes with another SHA-256 than its name says",
                                                      location_.bucket, key, found->bytes.size()));
  }
  (void)cache_->put_blob(found->bytes);
  return std::move(found->bytes);
}

// A record as the bucket has it now; nothing when it has none.
Result<std::optional<Cache::Kept>> S3Storage::fetch(std::string_view function) {
  auto cached = cache_->find(function);
  if (!cached) return fail(std::move(cached.error()));
  const std::string known = *cached ? (*cached)->etag : "";
  auto found = client_.get(location_.bucket, key_of(function), known);
  if (!found && is_missing(found.error())) {
    (void)cache_->forget(function);
    return std::nullopt;
  }
  if (!found) return fail(std::move(found.error()));
  if (found->is_known) {
    confirm((*cached)->name);
    return cached;
  }
  Cache::Kept kept{std::string(function), std::move(found->etag), std::move(found->bytes)};
  keep(kept);
  return kept;
}

// A record as it was a moment ago, or when the bucket was last there.
Result<std::optional<Cache::Kept>> S3Storage::look_up(std::string_view function) {
  bool is_fresh = false;
  {
    auto confirmed = confirmed_.lock();
    const auto when = confirmed->find(function);
    is_fresh = when != confirmed->end() && Clock::now() - when->second < kRecordTrust;
  }
  if (is_fresh) return cache_->find(function);
  auto fetched = fetch(function);
  if (!fetched && is_away(fetched.error())) return cache_->find(function);
  return fetched;
}

// Reads, edits and writes a record, and begins anew when somebody else wrote it meanwhile.
Status S3Storage::update(std::string_view function, const std::function<Status(Document&)>& edit) {
  for (int attempt = 0; attempt < kPublishAttempts; ++attempt) {
    const auto before = fetch(function);
    if (!before) return fail(before.error());
    auto document = *before ? parse_document((*before)->text) : Document{.function = std::string(function)};
    if (!document) return fail(std::move(document.error()));
    if (auto edited = edit(*document); !edited) return edited;
    using Kind = Client::Condition::Kind;
    const Client::Condition condition =
        *before ? Client::Condition{Kind::kHasEtag, (*before)->etag} : Client::Condition{Kind::kIsMissing};
    const std::string text = to_json(*document);
    const auto put = client_.put(location_.bucket, key_of(function), text, condition);
    if (!put) return fail(put.error());
    if (!*put) continue;
    keep({std::string(function), **put, text});
    return {};
  }
  return fail(ErrorCode::kStoreAway, fmt::format("others write the function `{}` all the time", function));
}

Result<VersionRecord> S3Storage::publish(const VersionRecord& version) {
  VersionRecord kept = version;
  const Status published = update(version.function, [&](Document& document) -> Status {
    const auto known = document.find(version.digest);
    if (known == document.versions.end()) document.versions.push_back(version);
    else std::rotate(known, known + 1, document.versions.end());
    document.active = version.digest;
    kept = document.versions.back();
    return {};
  });
  if (!published) return fail(published.error());
  return kept;
}

Status S3Storage::activate(std::string_view function, std::string_view digest) {
  return update(function, [&](Document& document) -> Status {
    if (document.find(digest) == document.versions.end()) return unknown_version(function, digest);
    document.active = digest;
    return {};
  });
}

Status S3Storage::remove(std::string_view function) {
  const auto there = fetch(function);
  if (!there) return fail(there.error());
  if (!*there) return unknown_function(function);
  if (auto removed = client_.remove(location_.bucket, key_of(function)); !removed) return removed;
  (void)cache_->forget(function);
  return {};
}

// All records as the bucket has them: those that are other than in the cache are read.
Result<std::vector<Cache::Kept>> S3Storage::fetch_all() {
  const std::string prefix = location_.prefix + std::string(kFunctions);
  const auto listed = client_.list(location_.bucket, prefix, "/");
  if (!listed) return fail(listed.error());
  std::vector<Cache::Kept> all;
  std::set<std::string, std::less<>> names;
  for (const Listed& object : listed->objects) {
    std::string_view name = std::string_view(object.key).substr(prefix.size());
    if (!name.ends_with(kSuffix)) continue;
    name.remove_suffix(kSuffix.size());
    auto cached = cache_->find(name);
    if (!cached) return fail(std::move(cached.error()));
    if (*cached && (*cached)->etag == object.etag) confirm((*cached)->name);
    else cached = fetch(name);
    if (!cached) return fail(std::move(cached.error()));
    if (!*cached) continue;  // removed meanwhile
    names.emplace(name);
    all.push_back(std::move(**cached));
  }
  const auto known = cache_->all();
  if (!known) return fail(known.error());
  for (const Cache::Kept& kept : *known) {
    if (kept.name != kSeen && !names.contains(kept.name)) (void)cache_->forget(kept.name);
  }
  std::ranges::sort(all, {}, &Cache::Kept::name);
  return all;
}

Result<std::vector<FunctionRecord>> S3Storage::functions() {
  auto all = fetch_all();
  if (!all && is_away(all.error())) all = cache_->all();
  if (!all) return fail(std::move(all.error()));
  std::vector<FunctionRecord> functions;
  for (const Cache::Kept& kept : *all) {
    if (kept.name == kSeen) continue;
    auto document = parse_document(kept.text);
    if (!document) return fail(ErrorCode::kStoreDamaged, key_of(kept.name) + ": " + document.error().message);
    functions.push_back({.name = std::move(document->function), .active = std::move(document->active)});
  }
  return functions;
}

Result<std::vector<VersionRecord>> S3Storage::versions(std::string_view function) {
  const auto found = look_up(function);
  if (!found) return fail(found.error());
  if (!*found) return {};
  auto document = parse_document((*found)->text);
  if (!document) return fail(std::move(document.error()));
  return std::vector<VersionRecord>(document->versions.rbegin(), document->versions.rend());
}

}  // namespace mayfly::storage::s3
