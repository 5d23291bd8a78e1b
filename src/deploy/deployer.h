#pragma once

#include "invoke/loader.h"
#include "metrics/book.h"
#include "net/workers.h"
#include "registry/registry.h"
#include "sandbox/engine.h"
#include "storage/storage.h"

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::deploy {

struct Upload {
  std::string name;
  std::string bytes;  // a module, binary or text
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
};

// From an upload to a live version: check, compile, keep, publish, in this order; what fails leaves everything as it
// was. The only writer of stored functions. The calls that return a result block on the compiler or the disk: they
// run on the workers, by on_worker().
class Deployer final : public invoke::Loader {
 public:
  Deployer(const Services& services, unsigned threads) : services_(services), workers_("deploy", threads) {}

  // Makes what is stored live again. Programs are loaded when first called.
  Status restore();

  Result<Deployed> deploy(Upload upload);
  // `digest` may be a prefix, at least 8 digits, or "": then the version before the active one.
  Result<registry::VersionPtr> rollback(const std::string& name, std::string_view digest);
  Status remove(const std::string& name);
  Result<std::vector<storage::VersionRecord>> versions(const std::string& name) {
    return services_.storage.versions(name);
  }

  // Makes a version without storing or publishing it: for modules that live in files of the operator.
  Result<registry::VersionPtr> make_ephemeral(Upload upload);

  void load(const registry::VersionPtr& version, net::Loop& loop, std::function<void(Status)> done) override;

  // Runs `work` on a worker, then `done` with what it returned on the loop.
  template <typename Work, typename Done>
  void on_worker(net::Loop& loop, Work work, Done done) {
    workers_.post([&loop, work = std::move(work), done = std::move(done)]() mutable {
      loop.post([result = work(), done = std::move(done)]() mutable { done(std::move(result)); });
    });
  }

 private:
  struct Compiled;
  Result<Compiled> compile(const Upload& upload, const std::string& artefact) const;
  Result<registry::VersionPtr> from_record(const storage::VersionRecord& record);
  void publish(const registry::VersionPtr& version);

  Services services_;
  std::mutex writing_;  // held from the record to the snapshot: both change in the same order
  net::Workers workers_;
};

}  // namespace mayfly::deploy
