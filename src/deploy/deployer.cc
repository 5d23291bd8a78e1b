#include "deploy/deployer.h"

#include "base/text.h"
#include "registry/manifest.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::deploy {

using registry::Version;
using registry::VersionPtr;
using storage::VersionRecord;

namespace {

std::int64_t unix_milliseconds() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string_view hex_digits(std::string_view digest) {
  if (digest.starts_with("sha256:")) digest.remove_prefix(7);
  return digest;
}

// The version a rollback means: the one named, or the one published before the active one.
Result<VersionRecord> choose(const std::vector<VersionRecord>& versions, std::string_view active,
                             std::string_view wanted) {
  constexpr std::size_t kShortest = 8;  // digits of a prefix
  if (wanted.empty()) {
    const auto now = std::ranges::find(versions, active, &VersionRecord::digest);
    if (now != versions.end() && now + 1 != versions.end()) return *(now + 1);
    return fail(ErrorCode::kUnknownVersion, "there is no older version to go back to");
  }
  const std::string_view prefix = hex_digits(wanted);
  if (prefix.size() >= kShortest) {
    for (const VersionRecord& version : versions) {
      if (hex_digits(version.digest).starts_with(prefix)) return version;
    }
  }
  return fail(ErrorCode::kUnknownVersion, fmt::format("there is no version `{}`", wanted.substr(0, 100)));
}

}  // namespace

struct Deployer::Compiled {
  std::shared_ptr<const sandbox::Program> program;
  std::chrono::microseconds time;
};

Result<Deployer::Compiled> Deployer::compile(const Upload& upload, const std::string& artefact) const {
  const auto start = std::chrono::steady_clock::now();
  auto program = services_.engine.load(upload.bytes, artefact, upload.settings.entry);
  if (!program) return fail(std::move(program.error()));
  const auto taken = std::chrono::steady_clock::now() - start;
  return Compiled{std::move(*program), std::chrono::duration_cast<std::chrono::microseconds>(taken)};
}

Result<Deployed> Deployer::deploy(Upload upload) {
  if (auto named = registry::check_name(upload.name); !named) return fail(std::move(named.error()));
  const std::string artefact = sha256_hex(upload.bytes);
  auto compiled = compile(upload, artefact);
  if (!compiled) return fail(std::move(compiled.error()));

  upload.settings.entry = compiled->program->entry().name;
  const std::string manifest = registry::to_json({compiled->program->entry(), upload.settings});
  const VersionRecord record = {
      .function = upload.name,
      .digest = registry::version_digest(artefact, manifest),
      .artefact = artefact,
      .manifest = manifest,
      .size = upload.bytes.size(),
      .created = unix_milliseconds(),
  };
  if (auto kept = services_.storage.put_blob(upload.bytes); !kept) return fail(std::move(kept.error()));

  const std::lock_guard lock(writing_);
  if (services_.registry.current()->folder.contains(upload.name)) {
    return fail(ErrorCode::kReservedName,
                fmt::format("`{}` is a module of the folder that --dir names; change it there", upload.name));
  }
  const auto published = services_.storage.publish(record);
  if (!published) return fail(published.error());
  auto version = from_record(*published);
  if (!version) return fail(std::move(version.error()));
  (*version)->set_program(std::move(compiled->program));
  const bool is_new = !services_.registry.current()->functions.contains(upload.name);
  publish(*version);
  return Deployed{std::move(*version), compiled->time, is_new};
}

Result<VersionPtr> Deployer::make_ephemeral(Upload upload) {
  std::string artefact = sha256_hex(upload.bytes);
  auto compiled = compile(upload, artefact);
  if (!compiled) return fail(std::move(compiled.error()));
  return make_ephemeral({std::move(upload.name), std::move(artefact), upload.bytes.size(), std::move(compiled->program),
                         std::move(upload.settings)});
}

VersionPtr Deployer::make_ephemeral(Linked linked) {
  const sandbox::EntryPoint& entry = linked.program->entry();
  linked.settings.entry = entry.name;
  auto metrics = services_.metrics.of(linked.name);
  Version::Facts facts = {
      .function = std::move(linked.name),
      .digest = registry::version_digest(linked.artefact, registry::to_json({entry, linked.settings})),
      .artefact = std::move(linked.artefact),
      .entry = entry,
      .settings = std::move(linked.settings),
      .size = linked.size,
      .created = unix_milliseconds(),
  };
  const auto version = std::make_shared<const Version>(std::move(facts), std::move(metrics));
  version->set_program(std::move(linked.program));
  return version;
}

Result<VersionPtr> Deployer::from_record(const VersionRecord& record) {
  auto manifest = registry::parse_manifest(record.manifest);
  if (!manifest) return fail(std::move(manifest.error()));
  return std::make_shared<const Version>(
      Version::Facts{record.function, record.digest, record.artefact, std::move(manifest->entry),
                     std::move(manifest->settings), record.size, record.created},
      services_.metrics.of(record.function));
}

void Deployer::publish(const VersionPtr& version) {
  services_.registry.update([&](registry::Snapshot& next) { next.functions[version->function()] = version; });
}

Result<VersionPtr> Deployer::rollback(const std::string& name, std::string_view digest) {
  const std::lock_guard lock(writing_);
  const auto snapshot = services_.registry.current();
  const auto active = snapshot->functions.find(name);
  if (active == snapshot->functions.end()) {
    return fail(ErrorCode::kUnknownFunction, fmt::format("there is no function `{}`", name));
  }
  const auto versions = services_.storage.versions(name);
  if (!versions) return fail(versions.error());
  const auto chosen = choose(*versions, active->second->facts().digest, digest);
  if (!chosen) return fail(chosen.error());
  auto version = from_record(*chosen);
  if (!version) return fail(std::move(version.error()));
  if (auto moved = services_.storage.activate(name, chosen->digest); !moved) return fail(std::move(moved.error()));
  publish(*version);
  return version;
}

Status Deployer::remove(const std::string& name) {
  const std::lock_guard lock(writing_);
  if (auto removed = services_.storage.remove(name); !removed) return removed;
  services_.registry.update([&](registry::Snapshot& next) { next.functions.erase(name); });
  if (!services_.registry.current()->folder.contains(name)) services_.metrics.forget(name);
  return {};
}

Status Deployer::restore() {
  const auto functions = services_.storage.functions();
  if (!functions) return fail(functions.error());
  registry::NameMap<VersionPtr> restored;
  for (const storage::FunctionRecord& function : *functions) {
    const auto versions = services_.storage.versions(function.name);
    if (!versions) return fail(versions.error());
    const auto active = std::ranges::find(*versions, function.active, &VersionRecord::digest);
    if (active == versions->end())
      return fail(ErrorCode::kStorage, "no record of the active version of " + function.name);
    auto version = from_record(*active);
    if (!version) return fail(std::move(version.error()));
    restored.emplace(function.name, std::move(*version));
  }
  services_.registry.update([&](registry::Snapshot& next) { next.functions = std::move(restored); });
  return {};
}

void Deployer::load(const VersionPtr& version, net::Loop& loop, std::function<void(Status)> done) {
  on_worker(
      Work::kCompiles, loop,
      [this, version]() -> Status {
        if (version->program() != nullptr) return {};  // another request was first
        const auto bytes = services_.storage.read_blob(version->facts().artefact);
        if (!bytes) return fail(bytes.error());
        auto program = services_.engine.load(*bytes, version->facts().artefact, version->facts().entry.name);
        if (!program) return fail(std::move(program.error()));
        version->set_program(std::move(*program));
        return {};
      },
      std::move(done));
}

}  // namespace mayfly::deploy
