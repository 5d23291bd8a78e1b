#include "storage/memory_storage.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::storage {
namespace {

bool has(const std::vector<VersionRecord>& versions, std::string_view digest) {
  return std::any_of(versions.begin(), versions.end(),
                     [&](const VersionRecord& version) { return version.digest == digest; });
}

}  // namespace

Result<std::string> MemoryStorage::put_blob(std::string_view bytes) {
  std::string digest = sha256_hex(bytes);
  auto state = state_.lock();
  state->blobs.try_emplace(digest, bytes);
  return digest;
}

Result<std::string> MemoryStorage::read_blob(std::string_view digest) {
  auto state = state_.lock();
  const auto blob = state->blobs.find(digest);
  if (blob == state->blobs.end()) {
    return fail(ErrorCode::kStorage, fmt::format("blob {} is missing", digest));
  }
  return blob->second;
}

Status MemoryStorage::publish(const VersionRecord& version) {
  auto state = state_.lock();
  Function& function = state->functions[version.function];
  if (!has(function.versions, version.digest)) function.versions.push_back(version);
  function.active = version.digest;
  return {};
}

Status MemoryStorage::activate(std::string_view name, std::string_view digest) {
  auto state = state_.lock();
  const auto function = state->functions.find(name);
  if (function == state->functions.end() || !has(function->second.versions, digest)) {
    return unknown_version(name, digest);
  }
  function->second.active = digest;
  return {};
}

Status MemoryStorage::remove(std::string_view name) {
  auto state = state_.lock();
  const auto function = state->functions.find(name);
  if (function == state->functions.end()) return unknown_function(name);
  state->functions.erase(function);
  return {};
}

Result<std::vector<FunctionRecord>> MemoryStorage::functions() {
  auto state = state_.lock();
  std::vector<FunctionRecord> records;
  for (const auto& [name, function] : state->functions) {
    records.push_back({.name = name, .active = function.active});
  }
  return records;
}

Result<std::vector<VersionRecord>> MemoryStorage::versions(std::string_view name) {
  auto state = state_.lock();
  const auto function = state->functions.find(name);
  if (function == state->functions.end()) return {};
  const auto& versions = function->second.versions;
  return std::vector<VersionRecord>(versions.rbegin(), versions.rend());
}

}  // namespace mayfly::storage
