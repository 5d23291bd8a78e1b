#include "deploy/deployer.h"

#include "base/text.h"
#include "deploy/bundle.h"
#include "registry/stages.h"
#include "sandbox/compose.h"
#include "source/snapshot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// Names of the watched folder come first, so that nothing would answer under this one.
Status check_free(const registry::Snapshot& snapshot, const std::string& name) {
  if (!snapshot.folder.contains(name)) return {};
  return fail(ErrorCode::kReservedName,
              fmt::format("`{}` is a module of the folder that --dir names; change it there", name));
}

// A pipeline has no guest of its own to limit.
Status check_pipeline_settings(const sandbox::Settings& settings) {
  sandbox::Settings possible;
  possible.server_timing = settings.server_timing;
  possible.limits.wall = settings.limits.wall;
  if (settings == possible) return {};
  return fail(ErrorCode::kBadOption,
              "a pipeline takes the options `timing` and `timeout`, of all its stages together; the others belong to "
              "the functions that are its stages");
}

}  // namespace

// What a version is made from.
struct Deployer::Source {
  std::string_view function;
  std::string_view module;
  std::string_view artefact;
  std::string_view entry;
  std::string_view zip;
  std::shared_ptr<const sandbox::vfs::Bundle> files;
};

struct Deployer::Compiled {
  Version::Loaded loaded;
  std::chrono::microseconds time;
};

Result<Version::Loaded> Deployer::prepare(const Source& source, const sandbox::Settings& settings) {
  auto files = source.files;
  if (!files && !settings.language.empty()) {
    files = std::make_shared<const sandbox::vfs::Bundle>(
        source::Files{{source::entrypoint_of(settings), std::string(source.module)}});
  }
  auto mounts = sandbox::vfs::make_mounts(std::move(files), settings, &services_.volumes);
  if (!mounts) return fail(std::move(mounts.error()));
  services_.sources.add_folders(settings.language, *mounts);
  unloader_.make_room();
  auto program = load_program(source, settings, sandbox::Engine::Want::kSoon, nullptr);
  if (!program && program.error().code == ErrorCode::kServerMemory) {
    unloader_.make_more_room();
    program = load_program(source, settings, sandbox::Engine::Want::kSoon, nullptr);
  }
  if (!program) return fail(std::move(program.error()));
  return Version::Loaded{std::move(*program), std::move(*mounts)};
}

namespace {

Result<source::Files> files_of(std::string_view module, std::string_view zip, const std::string& entrypoint) {
  if (zip.empty()) return source::Files{{entrypoint, std::string(module)}};
  return unzip(zip).map([](Bundle bundle) { return std::move(bundle.files); });
}

}  // namespace

Result<std::shared_ptr<const sandbox::Program>> Deployer::load_program(const Source& source,
                                                                       const sandbox::Settings& settings,
                                                                       sandbox::Engine::Want want,
                                                                       const sandbox::Program* before) const {
  if (!settings.language.empty()) return load_source(source, settings, want);
  if (settings.snapshot) {
    return source::load_snapshot(services_.engine, source.module, source.artefact, source.entry, settings.limits, want);
  }
  return services_.engine.load(source.module, source.artefact, source.entry, want, before);
}

Result<std::shared_ptr<const sandbox::Program>> Deployer::load_source(const Source& source,
                                                                      const sandbox::Settings& settings,
                                                                      sandbox::Engine::Want want) const {
  const std::string entrypoint = source::entrypoint_of(settings);
  const std::string digest = sha256_hex(source.zip.empty() ? source.module : source.zip);
  return services_.sources.load({.function = source.function,
                                 .language = settings.language,
                                 .entrypoint = entrypoint,
                                 .digest = digest,
                                 .files = [&] { return files_of(source.module, source.zip, entrypoint); },
                                 .limits = settings.limits},
                                want);
}

// What an interpreter only sees when it is called is looked at before.
Status Deployer::check_source(const Upload& upload) const {
  const std::string entrypoint = source::entrypoint_of(upload.settings);
  return services_.sources.check({.function = upload.name,
                                  .language = upload.settings.language,
                                  .entrypoint = entrypoint,
                                  .digest = "",
                                  .files = [&] { return files_of(upload.bytes, upload.bundled.zip, entrypoint); },
                                  .limits = upload.settings.limits});
}

Result<Deployer::Compiled> Deployer::compile(const Upload& upload, const std::string& artefact) {
  const auto start = std::chrono::steady_clock::now();
  auto loaded =
      prepare({upload.name, upload.bytes, artefact, upload.settings.entry, upload.bundled.zip, upload.bundled.files},
              upload.settings);
  if (!loaded) return fail(std::move(loaded.error()));
  const auto taken = std::chrono::steady_clock::now() - start;
  return Compiled{std::move(*loaded), std::chrono::duration_cast<std::chrono::microseconds>(taken)};
}

// Its blobs are on the disk; the record of them is still to be published.
Result<VersionRecord> Deployer::keep(const Upload& upload, const std::string& artefact, registry::Manifest manifest) {
  if (auto kept = services_.storage.put_blob(upload.bytes); !kept) return fail(std::move(kept.error()));
  if (upload.bundled.files) {
    auto kept = services_.storage.put_blob(upload.bundled.zip);
    if (!kept) return fail(std::move(kept.error()));
    manifest.bundle = std::move(*kept);
  }
  std::string json = registry::to_json(manifest);
  std::string digest = registry::version_digest(artefact, json);
  return VersionRecord{
      .function = upload.name,
      .digest = std::move(digest),
      .artefact = artefact,
      .manifest = std::move(json),
      .size = upload.bytes.size(),
      .created = unix_milliseconds(),
  };
}

// The upload becomes one component with the active versions of those it names.
Status Deployer::compose(Upload& upload, registry::Manifest& manifest) {
  if (upload.compose.empty()) return {};
  if (upload.compose.size() > sandbox::kMaxPlugs) {
    return fail(ErrorCode::kBadComposition, fmt::format("`compose` names {} functions; {} are the most",
                                                        upload.compose.size(), sandbox::kMaxPlugs));
  }
  const auto snapshot = services_.registry.current();
  std::vector<sandbox::Plug> plugs;
  for (const std::string& name : upload.compose) {
    const auto found = snapshot->functions.find(name);
    if (found == snapshot->functions.end()) {
      return fail(ErrorCode::kBadComposition, fmt::format("`compose`: there is no deployed function `{}`{}",
                                                          to_utf8(name.substr(0, 100)), near_names(*snapshot, name)));
    }
    auto bytes = services_.storage.read_blob(found->second->facts().artefact);
    if (!bytes) return fail(std::move(bytes.error()));
    plugs.push_back({name, std::move(*bytes)});
    manifest.plugged.push_back({name, found->second->facts().digest});
  }
  manifest.component = sha256_hex(upload.bytes);
  auto composed = sandbox::compose(upload.bytes, plugs);
  if (!composed) return fail(std::move(composed.error()));
  upload.bytes = std::move(*composed);
  return {};
}

Result<Deployed> Deployer::deploy(Upload upload) {
  if (auto named = registry::check_name(upload.name); !named) return fail(std::move(named.error()));
  if (!upload.stages.empty()) return deploy_pipeline(upload);
  if (auto there = services_.volumes.check(upload.settings.volumes); !there) return fail(std::move(there.error()));
  registry::Manifest manifest{};
  if (auto composed = compose(upload, manifest); !composed) return fail(std::move(composed.error()));
  services_.sources.complete(upload.settings);
  if (auto checked = check_source(upload); !checked) return fail(explain_guess(upload, std::move(checked.error())));
  const std::string artefact = sha256_hex(upload.bytes);
  auto compiled = compile(upload, artefact);
  if (!compiled) return fail(explain_guess(upload, std::move(compiled.error())));

  const sandbox::Program& program = *compiled->loaded.program;
  if (auto fits = program.check(upload.settings.limits); !fits) {
    return fail(std::move(fits.error()));
  }
  upload.settings.entry = program.entry().name;
  const auto files = upload.bundled.files ? sandbox::Files::kBundled : sandbox::Files::kNone;
  const sandbox::Capabilities capabilities = sandbox::capabilities(program.abilities(), upload.settings, files);
  manifest.entry = program.entry();
  manifest.settings = upload.settings;
  manifest.capabilities = capabilities;
  const auto record = keep(upload, artefact, std::move(manifest));
  if (!record) return fail(record.error());

  const std::lock_guard lock(writing_);
  if (auto free = check_free(*services_.registry.current(), upload.name); !free) return fail(std::move(free.error()));
  if (auto accepted = check_capabilities(upload, capabilities); !accepted) return fail(std::move(accepted.error()));
  const auto published = services_.storage.publish(*record);
  if (!published) return fail(published.error());
  auto version = from_record(*published);
  if (!version) return fail(std::move(version.error()));
  const auto loaded = (*version)->set_loaded(std::move(compiled->loaded));
  const bool is_new = !services_.registry.current()->functions.contains(upload.name);
  publish(*version);
  optimise(*version, loaded, std::move(upload.bytes), std::move(upload.bundled.zip));
  return Deployed{std::move(*version), compiled->time, is_new};
}

// It reaches as far as its stages, each of which was accepted for itself.
Result<Deployed> Deployer::deploy_pipeline(const Upload& upload) {
  if (auto taken = check_pipeline_settings(upload.settings); !taken) return fail(std::move(taken.error()));
  if (!upload.compose.empty()) return fail(ErrorCode::kBadPipeline, "it has both `compose` and `stages`");
  const auto record = keep(upload, sha256_hex(upload.bytes),
                           {.entry = {sandbox::Kind::kPipeline, ""},
                            .settings = upload.settings,
                            .capabilities = {{fmt::format("call {}", fmt::join(upload.stages, ", "))}, {}},
                            .stages = upload.stages});
  if (!record) return fail(record.error());

  const std::lock_guard lock(writing_);
  const auto snapshot = services_.registry.current();
  if (auto free = check_free(*snapshot, upload.name); !free) return fail(std::move(free.error()));
  if (auto stages = registry::find_stages(*snapshot, upload.name, upload.stages); !stages) {
    return fail(ErrorCode::kBadPipeline, std::move(stages.error().message));
  }
  const auto published = services_.storage.publish(*record);
  if (!published) return fail(published.error());
  auto version = from_record(*published);
  if (!version) return fail(std::move(version.error()));
  publish(*version);
  return Deployed{std::move(*version), {}, !snapshot->functions.contains(upload.name)};
}

// A version that reaches further than the one before needs a word from who deploys it: the digest of what is new.
Status Deployer::check_capabilities(const Upload& upload, const sandbox::Capabilities& capabilities) {
  const auto snapshot = services_.registry.current();
  const auto active = snapshot->functions.find(upload.name);
  if (active == snapshot->functions.end() || upload.accept == kAcceptAny) return {};
  const auto more = sandbox::beyond(capabilities, active->second->facts().capabilities);
  if (more.empty()) return {};
  constexpr std::size_t kDigits = 12;
  const std::string list = fmt::format("{}", fmt::join(more, ", "));
  const std::string digest = sha256_hex(list).substr(0, kDigits);
  if (upload.accept == digest) return {};
  return fail(ErrorCode::kNewCapabilities, fmt::format("beyond the version that is live, this one can: {}; if that is "
                                                       "meant, deploy it with ?accept={} or --accept-capabilities",
                                                       list, digest));
}

Result<VersionPtr> Deployer::make_ephemeral(Upload upload) {
  std::string artefact = sha256_hex(upload.bytes);
  unloader_.make_room();
  auto program = services_.engine.load(upload.bytes, artefact, upload.settings.entry, sandbox::Engine::Want::kSoon);
  if (!program) return fail(std::move(program.error()));
  auto version = make_ephemeral({std::move(upload.name), std::move(artefact), upload.bytes.size(), std::move(*program),
                                 std::move(upload.settings)});
  if (version) optimise(*version, (*version)->loaded(), std::move(upload.bytes), "");
  return version;
}

Result<VersionPtr> Deployer::make_ephemeral(Linked linked) {
  auto mounts = sandbox::vfs::make_mounts(nullptr, linked.settings, &services_.volumes);
  if (!mounts) return fail(std::move(mounts.error()));
  const sandbox::EntryPoint& entry = linked.program->entry();
  if (auto fits = linked.program->check(linked.settings.limits); !fits) return fail(std::move(fits.error()));
  linked.settings.entry = entry.name;
  auto capabilities = sandbox::capabilities(linked.program->abilities(), linked.settings);
  auto metrics = services_.metrics.of(linked.name);
  Version::Facts facts = {
      .function = std::move(linked.name),
      .digest = registry::version_digest(linked.artefact, registry::to_json({entry, linked.settings, {}})),
      .artefact = std::move(linked.artefact),
      .entry = entry,
      .settings = std::move(linked.settings),
      .capabilities = std::move(capabilities),
      .size = linked.size,
      .created = unix_milliseconds(),
  };
  const auto version = std::make_shared<const Version>(std::move(facts), std::move(metrics));
  version->set_loaded({std::move(linked.program), std::move(*mounts)});
  return version;
}

// A version with baseline code gets optimised code when that is compiled. Requests in flight end with what they have.
// What is unloaded by then is compiled all the same: for the cache, from where it is loaded again.
void Deployer::optimise(const VersionPtr& version, const Version::LoadedPtr& loaded, std::string bytes,
                        std::string zip) {
  if (loaded->program->tier() == sandbox::Tier::kOptimised) return;
  optimising_.post([this, version, weak = std::weak_ptr(loaded), bytes = std::move(bytes), zip = std::move(zip)] {
    constexpr auto kOptimised = sandbox::Engine::Want::kOptimised;
    const Version::Facts& facts = version->facts();
    const auto before = weak.lock();
    auto program = load_program({facts.function, bytes, facts.artefact, facts.entry.name, zip, nullptr}, facts.settings,
                                kOptimised, before ? before->program.get() : nullptr);
    // It was compiled once, so a failure is of the machine: the version stays as it is.
    if (program && before) version->replace_loaded(before, {std::move(*program), before->mounts});
  });
}

Result<VersionPtr> Deployer::from_record(const VersionRecord& record) {
  auto manifest = registry::parse_manifest(record.manifest);
  if (!manifest) return fail(std::move(manifest.error()));
  return std::make_shared<const Version>(
      Version::Facts{record.function, record.digest, record.artefact, std::move(manifest->bundle),
                     std::move(manifest->entry), std::move(manifest->settings), std::move(manifest->capabilities),
                     record.size, record.created, std::move(manifest->stages), std::move(manifest->plugged),
                     std::move(manifest->component)},
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
  if ((*version)->is_pipeline()) {
    auto stages = registry::find_stages(*snapshot, name, (*version)->facts().stages);
    if (!stages) return fail(std::move(stages.error()));
  }
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

void Deployer::load(const VersionPtr& version, net::Loop& loop, Done done) {
  on_worker(Work::kCompiles, loop, [this, version] { return load_now(version); }, std::move(done));
}

Result<Version::LoadedPtr> Deployer::load_now(const VersionPtr& version) {
  if (auto loaded = version->loaded()) return loaded;  // another request was first
  const Version::Facts& facts = version->facts();
  const auto module = services_.storage.read_blob(facts.artefact);
  if (!module) return fail(module.error());
  std::shared_ptr<const sandbox::vfs::Bundle> files;
  std::string zip;
  if (!facts.bundle.empty()) {
    auto read = services_.storage.read_blob(facts.bundle);
    if (!read) return fail(std::move(read.error()));
    zip = std::move(*read);
    auto bundle = unzip(zip);
    if (!bundle) return fail(std::move(bundle.error()));
    files = visible_files(std::move(*bundle), *module, facts.settings);
  }
  auto prepared =
      prepare({facts.function, *module, facts.artefact, facts.entry.name, zip, std::move(files)}, facts.settings);
  if (!prepared) return fail(std::move(prepared.error()));
  auto loaded = version->set_loaded(std::move(*prepared));
  optimise(version, loaded, *module, std::move(zip));
  return loaded;
}

}  // namespace mayfly::deploy
