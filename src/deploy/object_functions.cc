#include "deploy/object_functions.h"

#include "sandbox/module.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::deploy {

using registry::VersionPtr;
using std::chrono::steady_clock;

namespace {

constexpr auto kForever = steady_clock::time_point::max();

// Of the file: the same bytes would fail again.
bool is_of_the_file(const Error& error) { return describe(error.code).status < 500; }

bool is_missing(const Error& error) {
  return error.code == ErrorCode::kUnknownFile || error.code == ErrorCode::kUnknownBucket;
}

}  // namespace

std::string object_function_name(const std::string& bucket, const std::string& key) {
  return fmt::format("{}/{}", bucket, key);
}

void ObjectFunctions::find(const std::string& bucket, const std::string& key, net::Loop& loop, Done done) {
  std::unique_lock lock(mutex_);
  const EntryPtr entry = entry_of(bucket, key);
  entry->used = ++calls_;
  const bool is_due = steady_clock::now() >= entry->trusted_until;
  if (entry->found && (!is_due || entry->is_away)) {
    const Found found = *entry->found;
    const bool ask_again = is_due && !std::exchange(entry->is_asked, true);
    const std::string known = entry->etag;
    lock.unlock();
    if (ask_again) ask(entry, known);
    return done(found);
  }
  if (!has_room()) {
    lock.unlock();
    return done(mayfly::fail(ErrorCode::kOverloaded, "too many requests wait for files"));
  }
  entry->waiters.push_back({loop, std::move(done)});
  if (std::exchange(entry->is_asked, true)) return;
  const std::string known = entry->found ? entry->etag : "";
  lock.unlock();
  ask(entry, known);
}

// A worker that is at the file may have seen it as it was: it answers those who wait for it, and nobody after them.
void ObjectFunctions::changed(const std::string& bucket, const std::string& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase({bucket, key});
}

void ObjectFunctions::removed(const std::string& bucket, const std::string& key) {
  changed(bucket, key);
  services_.metrics.forget(object_function_name(bucket, key));
}

ObjectFunctions::EntryPtr ObjectFunctions::entry_of(const std::string& bucket, const std::string& key) {
  const auto known = entries_.find({bucket, key});
  if (known != entries_.end()) return known->second;
  if (entries_.size() >= kObjectFunctions) forget_oldest();
  return entries_.emplace(std::pair(bucket, key), std::make_shared<Entry>(Entry{bucket, key})).first->second;
}

void ObjectFunctions::forget_oldest() {
  const auto oldest = std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second->used; });
  services_.metrics.forget(object_function_name(oldest->second->bucket, oldest->second->key));
  entries_.erase(oldest);
}

void ObjectFunctions::ask(const EntryPtr& entry, const std::string& known) {
  workers_.post([this, entry, known] {
    auto fetched = services_.store.get(entry->bucket, entry->key, known);
    if (!fetched) {
      // What is there already goes on while the store is away.
      if (fetched.error().code == ErrorCode::kStoreAway && !known.empty()) return keep(entry, Store::kAway);
      return settle(entry, mayfly::fail(std::move(fetched.error())), "");
    }
    if (fetched->is_known) return keep(entry, Store::kThere);
    if (sandbox::sniff(fetched->object.bytes) == sandbox::UploadKind::kUnknown) {
      return settle(entry,
                    mayfly::fail(ErrorCode::kNotWasm, fmt::format("the file `{}` is not WebAssembly", entry->key)),
                    std::move(fetched->object.etag));
    }
    services_.deployer.compile_later(
        [this, entry, object = std::move(fetched->object)]() mutable { compile(entry, std::move(object)); });
  });
}

void ObjectFunctions::compile(const EntryPtr& entry, storage::Object object) {
  auto version = services_.deployer.make_ephemeral(
      Upload{.name = object_function_name(entry->bucket, entry->key), .bytes = std::move(object.bytes)});
  settle(entry, std::move(version), std::move(object.etag));
}

// The file is as it was, as far as is known.
void ObjectFunctions::keep(const EntryPtr& entry, Store store) {
  std::unique_lock lock(mutex_);
  Found found = *entry->found;
  std::string etag = entry->etag;
  lock.unlock();
  settle(entry, std::move(found), std::move(etag), store);
}

void ObjectFunctions::settle(const EntryPtr& entry, Found found, std::string etag, Store store) {
  std::unique_lock lock(mutex_);
  const bool missing = !found && is_missing(found.error());
  if (missing) drop(entry);
  if (!missing && (found || is_of_the_file(found.error()))) {
    entry->found = found;
    entry->etag = std::move(etag);
    entry->trusted_until = services_.store.is_shared() ? steady_clock::now() + kObjectTrust : kForever;
  }
  entry->is_asked = false;
  entry->is_away = store == Store::kAway;
  const auto waiters = std::exchange(entry->waiters, {});
  lock.unlock();
  for (const Waiter& waiter : waiters) {
    waiter.loop.post([done = waiter.done, found] { done(found); });
  }
}

// Names of files that are not there take no place.
void ObjectFunctions::drop(const EntryPtr& entry) {
  const auto known = entries_.find({entry->bucket, entry->key});
  if (known == entries_.end() || known->second != entry) return;
  entries_.erase(known);
  services_.metrics.forget(object_function_name(entry->bucket, entry->key));
}

}  // namespace mayfly::deploy
