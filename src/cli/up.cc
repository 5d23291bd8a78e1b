// `mayfly up`: makes the parts of a server, hands each the ones it uses, runs it until a signal, takes it down again.

#include "admin/functions_api.h"
#include "admin/inspect_api.h"
#include "admin/status_api.h"
#include "base/file.h"
#include "cli/admin_token.h"
#include "cli/commands.h"
#include "cli/folders.h"
#include "cli/stores.h"
#include "cli/wagi_options.h"
#include "compat/applications.h"
#include "compat/buckets.h"
#include "compat/folder.h"
#include "compat/handlers.h"
#include "server/limits.h"
#include "server/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

namespace mayfly::cli {
namespace {

constexpr std::chrono::seconds kCompilePatience{2};        // after the drain; a compilation cannot be interrupted
constexpr std::chrono::milliseconds kLookupPatience{100};  // nor can a name server that is silent
constexpr std::chrono::milliseconds kSyncPatience{100};    // nor a disk
constexpr std::chrono::milliseconds kStorePatience{500};   // nor a store that is far away
constexpr unsigned kStoreThreads = 4;                      // they wait for disk and network more than they run

struct Up {
  std::string listen;
  std::string data = ".mayfly";
  std::string store;
  std::string dir;
  std::string config;
  std::string log = "-";
  std::string hostname;
  std::string languages;
  std::vector<std::string> volumes;
  compat::wagi::Options wagi;
  unsigned threads = 0;
  std::uint32_t modules = 0;

  Status run();

 private:
  Result<compat::ApplicationsConfig> read_config() const;
  Result<UniqueFd> open_log() const;
};

// Every guest's socket and every connection is a descriptor. Raises the limit as far as it goes and returns how many
// connections each loop may have, with the rest left for files and guests.
std::size_t raise_descriptor_limit(unsigned loops) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kMost = 50'000;
  return std::min(limit.rlim_cur / 4 * 3, kMost) / loops;
}

// Catches SIGTERM and SIGINT from its making to the end of wait(); a second one ends the process at once.
class Signals {
 public:
  void wait() {
    signals_->async_wait([](const boost::system::error_code&, int) {});
    io_.run();
    signals_.reset();
  }

 private:
  boost::asio::io_context io_;
  std::optional<boost::asio::signal_set> signals_{std::in_place, io_, SIGTERM, SIGINT};
};

Result<compat::ApplicationsConfig> Up::read_config() const {
  if (config.empty()) return compat::ApplicationsConfig{};
  const auto text = read_file(config);
  if (!text) return fail(text.error());
  return compat::parse_applications(*text, config);
}

Result<UniqueFd> Up::open_log() const {
  if (log == "-") return UniqueFd(::dup(STDERR_FILENO));
  UniqueFd fd(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd) return fail(ErrorCode::kBadOption, fmt::format("cannot write the log {}: {}", log, std::strerror(errno)));
  return fd;
}

void warn_of_open_egress(const compat::ApplicationsConfig& applications) {
  for (const compat::Application& application : applications.applications) {
    if (application.allow_given) continue;
    fmt::print(stderr,
               "mayfly: warning: applications of the configuration may connect to any address, this machine's own too; "
               "`allow = [\"tcp=HOST:PORT\"]` in [[applications]] narrows it\n");
    return;
  }
}

void warn_of_few_modules(const sandbox::EngineInfo& info) {
  constexpr std::uint32_t kFew = 1000;
  if (info.modules >= kFew) return;
  fmt::print(stderr,
             "mayfly: warning: {} modules of functions have room in memory at once, the others are loaded from disk "
             "when they are called: `sysctl -w vm.max_map_count=262144` makes it more\n",
             info.modules);
}

void warn_of_hidden_endpoints(const registry::Snapshot& snapshot) {
  for (const auto* name : {"api", "bucket", "file", "exec"}) {
    if (snapshot.folder.contains(name)) {
      fmt::print(stderr, "mayfly: warning: the module `{0}` hides the endpoints below /{0}\n", name);
    }
  }
}

Status start_wagi_application(compat::wagi::Options& options, const std::string& data,
                              const compat::wagi::Services& services, registry::Registry& registry) {
  options.assets_folder = data + "/wagi";
  const auto warnings = compat::wagi::start_application(options, services, registry);
  if (!warnings) return fail(warnings.error());
  for (const std::string& warning : *warnings) fmt::print(stderr, "mayfly: warning: {}\n", warning);
  return {};
}

Status Up::run() {
  std::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);  // large bodies go back to the kernel when they are done
  ::umask(077);                          // what is kept may hold secrets
  const unsigned cores = threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
  const std::size_t connections = raise_descriptor_limit(cores);
  const auto applications = read_config();
  if (!applications) return fail(applications.error());
  const std::string configured = applications->listen_address.empty() ? "127.0.0.1:8080" : applications->listen_address;
  const auto address = net::parse_host_port(listen.empty() ? configured : listen);
  if (!address) return fail(address.error());

  // What is kept.
  storage::PosixFileSystem files;
  const auto folder = storage::DataFolder::open(files, data);
  if (!folder) return fail(folder.error());
  sandbox::vfs::Volumes named_volumes;
  for (const std::string& volume : volumes) {
    if (auto added = named_volumes.add(volume); !added) return added;
  }
  const auto stores = open_stores(store, files, *folder);
  if (!stores) return fail(stores.error());
  auto token = admin_token(files, *folder, *address);
  if (!token) return fail(token.error());

  // What runs guests, and what brings them there.
  const auto engine = sandbox::Engine::create(
      {.cache_folder = data + "/cache", .shared_cache_folder = shared_cache_folder(), .modules = modules});
  if (!engine) return fail(engine.error());
  if (modules == 0) warn_of_few_modules((*engine)->info());
  const auto log_fd = open_log();
  if (!log_fd) return fail(log_fd.error());
  Log lines(log_fd->get());
  metrics::Book book;
  registry::Registry registry;
  invoke::Admission admission(**engine);
  invoke::Background background(cores);
  egress::Resolver resolver;
  const auto sources =
      source::Sources::open(**engine, languages.empty() ? default_languages_folder() : languages, lines);
  if (!sources) return fail(sources.error());
  deploy::Deployer deployer({**engine, *stores->functions, registry, book, named_volumes, **sources},
                            std::min(cores, 4u));
  deploy::ObjectFunctions object_functions({*stores->files, deployer, book}, kStoreThreads);
  if (auto restored = deployer.restore(); !restored) return restored;
  if (auto published = compat::publish_applications(*applications, deployer, registry); !published) return published;
  warn_of_open_egress(*applications);
  if (auto started = start_wagi_application(wagi, data, {**engine, deployer, lines}, registry); !started)
    return started;
  compat::Folder watched(dir, deployer, registry, lines);
  if (!dir.empty()) {
    if (auto started = watched.start(); !started) return started;
    warn_of_hidden_endpoints(*registry.current());
  }

  // What answers.
  admin::FilesApi shared_files(object_functions);
  admin::FunctionsApi functions(deployer, registry, stores->serves_buckets ? &shared_files : nullptr);
  admin::StatusApi status({**engine, registry, book, admission, background, deployer});
  const server::Access access(token->value);
  compat::Handlers handlers(deployer);
  server::Dispatcher dispatcher(access);
  using enum server::Endpoint::Guard;
  dispatcher.router().add_api({"/_mayfly/v1/health", [&](auto&, auto& exchange) { status.health(exchange); }, kOpen});
  dispatcher.router().add_api({"/_mayfly/errors", [](auto&, auto& exchange) { admin::error_page(exchange); }, kOpen});
  dispatcher.router().add_api({"/_mayfly/metrics", [&](auto&, auto& exchange) { status.metrics(exchange); }});
  dispatcher.router().add_api(
      {std::string(admin::FunctionsApi::kPath), [&](auto&, auto& exchange) { functions.handle(exchange); }});
  dispatcher.router().add_api(
      {"/_mayfly/v1/inspect", [&](auto&, auto& exchange) { admin::inspect(deployer, exchange); }});
  dispatcher.router().add_seed({std::string(compat::Handlers::kPath),
                                [&](auto& context, auto& exchange) { handlers.handle(context, exchange); }, kUploads});
  compat::Buckets buckets(object_functions);
  dispatcher.router().add_seed({"/bucket", [&](auto&, auto& exchange) { buckets.bucket(exchange); }});
  dispatcher.router().add_seed({"/file", [&](auto&, auto& exchange) { buckets.file(exchange); }});
  dispatcher.router().add_seed({"/exec", [&](auto& context, auto& exchange) { buckets.exec(context, exchange); }});
  if (stores->serves_buckets) {
    dispatcher.router().add_last(
        {"/functions", [&](auto& context, auto& exchange) { buckets.function(context, exchange); }, kOpen});
  }
  const char* ca_file = std::getenv("SSL_CERT_FILE");  // as OpenSSL's own programs have it
  server::Server server({.listen = *address, .loops = cores, .connections = connections},
                        {registry, admission, background, deployer, lines, dispatcher, resolver,
                         ca_file != nullptr ? ca_file : "", hostname});
  if (auto bound = server.bind(); !bound) return bound;
  status.watch(server);
  Signals signals;
  server.start();

  const sandbox::EngineInfo& info = (*engine)->info();
  if (!token->made_in.empty()) fmt::print("admin token (shown once, kept in {}): {}\n", token->made_in, token->value);
  fmt::print("mayfly {} listens on http://{}\n", MAYFLY_VERSION, net::HostPort{address->host, server.port()}.text());
  const auto snapshot = registry.current();
  const std::size_t routes =
      snapshot->routes.size() + (snapshot->application ? snapshot->application->routes().size() : 0);
  fmt::print("  {} functions, {} event loops, {} sandboxes at once, dirty-page scan {}\n",
             snapshot->functions.size() + snapshot->folder.size() + routes, cores, info.slots,
             info.pagemap_scan ? "on" : "off (Linux 6.7 has it)");
  std::fflush(stdout);

  signals.wait();
  server.drain(server::kDrain);
  background.stop();
  // What is kept survives a crash at any instant, so leaving in the middle of a compilation costs nothing.
  const bool stopped = object_functions.stop(kStorePatience) && deployer.stop(kCompilePatience) &&
                       resolver.stop(kLookupPatience) && named_volumes.stop(kSyncPatience);
  if (!stopped) ::_exit(0);
  return {};
}

}  // namespace

void add_up(CLI::App& app, int& exit_code) {
  auto up = std::make_shared<Up>();
  CLI::App* command = app.add_subcommand("up", "Start a server");
  command->add_option("--listen", up->listen,
                      "Address to listen on, HOST:PORT; port 0 for any free one [127.0.0.1:8080]");
  command->add_option("--data", up->data, "Folder that functions are kept in")->capture_default_str();
  command->add_option(
      "--store", up->store,
      "s3://BUCKET or s3://BUCKET/PREFIX: keep functions and files in a bucket of an S3 server; s3:// alone: "
      "files are in the buckets that there are. Keys, region and endpoint come from the environment: "
      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL");
  command->add_option("--dir", up->dir, "Also serve the modules of this folder, NAME.wasm and NAME.wat at /NAME");
  command->add_option("--config", up->config, "Also serve the [[applications]] of this TOML file");
  command
      ->add_option("--volume", up->volumes,
                   "NAME=DIR: a folder that functions may mount as volume=NAME:/path; NAME=DIR:ro for one that nobody "
                   "writes; may be repeated")
      ->allow_extra_args(false);
  add_wagi_options(*command, up->wagi);
  command->add_option("--hostname", up->hostname,
                      "HOST or HOST:PORT that CGI programs are told when a request has none [localhost]");
  command->add_option(
      "--languages", up->languages,
      "Folder with the interpreters of functions from source [../languages, from the program's folder]");
  command->add_option("--log", up->log, "File that log lines are appended to; - for standard error")
      ->capture_default_str();
  command
      ->add_option("--modules", up->modules,
                   "Modules of functions that are in memory at once: functions called longest ago give way, and are "
                   "loaded again when they are called; from vm.max_map_count unless given")
      ->check(CLI::PositiveNumber);
  command->add_option("--threads", up->threads, "Event loops; one per core unless given");
  command->callback([up, &exit_code] {
    if (const auto ran = up->run(); !ran) {
      fmt::print(stderr, "mayfly: {}\n        {}\n", ran.error().message, describe(ran.error().code).advice);
      exit_code = 1;
    }
  });
}

}  // namespace mayfly::cli
