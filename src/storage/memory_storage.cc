#include "storage/memory_storage.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::storage {
namespace {

auto find(std::vector<VersionRecord>& versions, std::string_view digest) {
  return std::ranges::find(versions, digest, &VersionRecord::digest);
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

Result<VersionRecord> MemoryStorage::publish(const VersionRecord& version) {
  auto state = state_.lock();
  Function& function = state->functions[version.function];
  const auto known = find(function.versions, version.digest);
  if (known == function.versions.end()) function.versions.push_back(version);
  else std::rotate(known, known + 1, function.versions.end());
  function.active = version.digest;
  return function.versions.back();
}

Status MemoryStorage::activate(std::string_view name, std::string_view digest) {
  auto state = state_.lock();
  const auto function = state->functions.find(name);
  if (function == state->functions.end() ||
      find(function->second.versions, digest) == function->second.versions.end()) {
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
