#include "compat/wagi/application.h"

#include "base/file.h"
#include "base/text.h"
#include "compat/wagi/dynamic_routes.h"
#include "compat/wagi/limits.h"
#include "compat/wagi/settings.h"
#include "invoke/guest_log.h"
#include "invoke/run_once.h"

#include <fmt/format.h>

#include <memory>

namespace mayfly::compat::wagi {
namespace {

using registry::Route;
using ProgramPtr = std::shared_ptr<const sandbox::Program>;

constexpr std::string_view kRoutesExport = "_routes";

// A module's file, compiled once for all routes that it answers.
struct CompiledFile {
  std::string sha256;
  std::uint64_t size = 0;
  std::unique_ptr<sandbox::Module> module;
  std::map<std::string, Result<ProgramPtr>, std::less<>> programs;  // by entry point
  std::vector<Subroute> subroutes;
};

class ApplicationLoader {
 public:
  ApplicationLoader(const Variables& variables, const Services& services)
      : variables_(variables), services_(services) {}

  Status add(const Module& module) {
    const auto file = compiled(module);
    if (!file) return at(module, file.error());
    auto settings = settings_of(module, variables_, warnings_);
    if (!settings) return fail(std::move(settings.error()));
    warn_of_route(module);
    const std::vector<Subroute>& subroutes = (*file)->subroutes;
    for (auto subroute = subroutes.rbegin(); subroute != subroutes.rend(); ++subroute) {
      const std::string route = join_routes(module.route, subroute->path);
      if (auto added = add_route(module, route, subroute->entrypoint, **file, *settings); !added) return added;
    }
    return add_route(module, module.route, module.entrypoint, **file, *settings);
  }

  Application finish() && { return {registry::RouteTable(std::move(routes_)), std::move(warnings_)}; }

 private:
  static Status at(const Module& module, const Error& error) {
    return fail(error.code, fmt::format("{}: module `{}` of the route `{}`: {}", module.where, module.name,
                                        module.route, error.message));
  }

  Result<CompiledFile*> compiled(const Module& module) {
    auto& file = files_[module.path];
    if (file == nullptr) {
      auto made = compile(module);
      if (!made) return fail(std::move(made.error()));
      file = std::move(*made);
    }
    if (!module.sha256.empty() && module.sha256 != file->sha256) {
      return fail(ErrorCode::kBadConfig, fmt::format("{} does not have the SHA-256 of the invoice", module.path));
    }
    return file.get();
  }

  Result<std::unique_ptr<CompiledFile>> compile(const Module& module) {
    auto file = std::make_unique<CompiledFile>();
    const auto bytes = read_file(module.path);
    if (!bytes) return fail(bytes.error());
    file->sha256 = sha256_hex(*bytes);
    file->size = bytes->size();
    auto compiled = services_.engine.compile(*bytes, file->sha256);
    if (!compiled) return fail(std::move(compiled.error()));
    file->module = std::move(*compiled);
    if (file->module->find_export(kRoutesExport) != nullptr) {
      auto subroutes = ask_for_routes(module, *file);
      if (!subroutes) return fail(subroutes.error().code, "its `_routes`: " + subroutes.error().message);
      file->subroutes = std::move(*subroutes);
    }
    return file;
  }

  Result<std::vector<Subroute>> ask_for_routes(const Module& module, CompiledFile& file) {
    const Result<ProgramPtr>& program = linked(file, kRoutesExport);
    if (!program) return fail(program.error());
    const sandbox::Limits limits = {.response_bytes = kMaxRoutesText};
    metrics::Invocations uncounted;  // it is no request
    invoke::GuestLog log(services_.log, "start", module.route, limits, uncounted);
    const auto ran = invoke::run_once(*program, {}, limits);
    log.write(ran.log);
    if (ran.error) return fail(*ran.error);
    return parse_subroutes(ran.output);
  }

  const Result<ProgramPtr>& linked(CompiledFile& file, std::string_view entry) {
    const auto known = file.programs.find(entry);
    if (known != file.programs.end()) return known->second;
    auto program = sandbox::find_command(file.module->names(), entry).and_then([&](sandbox::EntryPoint found) {
      return services_.engine.link(*file.module, std::move(found));
    });
    return file.programs.emplace(entry, std::move(program)).first->second;
  }

  Status add_route(const Module& module, const std::string& route, const std::string& entry, CompiledFile& file,
                   const sandbox::Settings& settings) {
    const Result<ProgramPtr>& program = linked(file, entry);
    if (program) {
      auto version = services_.deployer.make_ephemeral({route, file.sha256, file.size, *program, settings});
      if (!version) return at(module, version.error());
      routes_.push_back({route, std::move(version)});
    } else if (program.error().code == ErrorCode::kNoSuchExport) {  // WAGI, too, finds out when it is called
      warnings_.push_back(
          fmt::format("{}: the route {} answers 500: {}", module.where, route, program.error().message));
      routes_.push_back({route, fail(program.error())});
    } else {
      return at(module, program.error());
    }
    return {};
  }

  void warn_of_route(const Module& module) {
    const auto warn = [&](std::string_view why) {
      warnings_.push_back(fmt::format("{}: nothing ever reaches the route {}: {}", module.where, module.route, why));
    };
    if (!module.route.starts_with('/')) warn("a route starts with `/`");
    if (module.route == "/healthz") warn("the server itself answers there");
    if (module.route == "/_mayfly" || module.route.starts_with("/_mayfly/")) warn("it is the API of the server");
  }

  const Variables& variables_;
  const Services& services_;
  std::map<std::string, std::unique_ptr<CompiledFile>> files_;  // by path
  std::vector<Route> routes_;
  std::vector<std::string> warnings_;
};

}  // namespace

Result<Application> load_application(const std::vector<Module>& modules, const Variables& variables,
                                     const Services& services) {
  ApplicationLoader loader(variables, services);
  for (const Module& module : modules) {
    if (auto added = loader.add(module); !added) return fail(std::move(added.error()));
  }
  return std::move(loader).finish();
}

}  // namespace mayfly::compat::wagi
