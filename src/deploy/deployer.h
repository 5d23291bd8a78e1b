#pragma once

#include "deploy/limits.h"
#include "deploy/unloader.h"
#include "deploy/upload.h"
#include "invoke/loader.h"
#include "metrics/book.h"
#include "net/workers.h"
#include "registry/manifest.h"
#include "registry/registry.h"
#include "sandbox/engine.h"
#include "sandbox/vfs/volumes.h"
#include "source/sources.h"
#include "storage/storage.h"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::deploy {

// A program that is ready to run.
struct Linked {
  std::string name;
  std::string artefact;    // SHA-256 of the module's bytes, in hex
  std::uint64_t size = 0;  // of the module, bytes
  std::shared_ptr<const sandbox::Program> program;
  sandbox::Settings settings;
};

struct Deployed {
  registry::VersionPtr version;
  std::chrono::microseconds compile_time{0};
  bool is_new_function = false;
};

struct Services {
  sandbox::Engine& engine;
  storage::Storage& storage;
  registry::Registry& registry;
  metrics::Book& metrics;
  const sandbox::vfs::Volumes& volumes;
  source::Sources& sources;
};

// From an upload to a live version: check, compile, keep, publish, in this order; what fails leaves everything as it
// was. The only writer of stored functions. The calls that return a result block on the compiler or the disk: they
// run on workers, by on_worker().
class Deployer final : public invoke::Loader {
 public:
  Deployer(const Services& services, unsigned threads)
      : services_(services),
        unloader_(services.engine, services.registry),
        compiling_("deploy", threads),
        optimising_("optimise", 1),
        keeping_("store", 1) {}

  // Makes what is stored live again. Programs are loaded when first called.
  Status restore();

  Result<Deployed> deploy(Upload upload);
  // `digest` may be a prefix, at least 8 digits, or "": then the version before the active one.
  Result<registry::VersionPtr> rollback(const std::string& name, std::string_view digest);
  Status remove(const std::string& name);
  Result<std::vector<storage::VersionRecord>> versions(const std::string& name) {
    return services_.storage.versions(name);
  }

  // Make a version without storing or publishing it: for modules that live in files of the operator.
  Result<registry::VersionPtr> make_ephemeral(Upload upload);
  Result<registry::VersionPtr> make_ephemeral(Linked linked);

  // Before the loops that results are posted to are gone. False when a compilation takes longer than `patience`: it
  // cannot be interrupted.
  bool stop(std::chrono::milliseconds patience) {
    return compiling_.stop(patience) && optimising_.stop(patience) && keeping_.stop(patience);
  }

  void load(const registry::VersionPtr& version, net::Loop& loop, Done done) override;
  // Versions that have made room for others since the start.
  std::uint64_t unloaded() const { return unloader_.unloaded(); }

  // Runs `work` on a worker, then `done` with what it returned on the loop. What compiles has workers of its own: a
  // module may take a minute, and nobody who asks for a list waits for it.
  enum class Work { kCompiles, kKeeps };
  template <typename Fn, typename Done>
  void on_worker(Work kind, net::Loop& loop, Fn work, Done done) {
    net::run_on(kind == Work::kCompiles ? compiling_ : keeping_, loop, std::move(work), std::move(done));
  }
  // Runs `work`, which compiles, on a worker.
  template <typename Fn>
  void compile_later(Fn work) {
    compiling_.post(std::move(work));
  }
  // Whether another upload may wait for a worker: each holds its module in memory.
  bool has_room() const { return compiling_.waiting() < kWaitingUploads; }

 private:
  Result<Deployed> deploy_pipeline(const Upload& upload);
  Status compose(Upload& upload, registry::Manifest& manifest);
  struct Compiled;
  struct Source;
  Result<registry::Version::Loaded> prepare(const Source& source, const sandbox::Settings& settings);
  Result<std::shared_ptr<const sandbox::Program>> load_program(const Source& source, const sandbox::Settings& settings,
                                                               sandbox::Engine::Want want,
                                                               const sandbox::Program* before) const;
  Result<std::shared_ptr<const sandbox::Program>> load_source(const Source& source, const sandbox::Settings& settings,
                                                              sandbox::Engine::Want want) const;
  Status check_source(const Upload& upload) const;
  Result<Compiled> compile(const Upload& upload, const std::string& artefact);
  Result<storage::VersionRecord> keep(const Upload& upload, const std::string& artefact, registry::Manifest manifest);
  Status check_capabilities(const Upload& upload, const sandbox::Capabilities& capabilities);
  Result<registry::VersionPtr> from_record(const storage::VersionRecord& record);
  Result<registry::Version::LoadedPtr> load_now(const registry::VersionPtr& version);
  void publish(const registry::VersionPtr& version);
  void optimise(const registry::VersionPtr& version, const registry::Version::LoadedPtr& loaded, std::string bytes,
                std::string zip);

  Services services_;
  Unloader unloader_;
  std::mutex writing_;  // held from the record to the snapshot: both change in the same order
  net::Workers compiling_;
  net::Workers optimising_;
  net::Workers keeping_;
};

}  // namespace mayfly::deploy
