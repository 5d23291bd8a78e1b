// `mayfly inspect`: what a file would be as a function, without a server.

#include "deploy/inspect.h"
#include "base/file.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "http/limits.h"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <memory>

namespace mayfly::cli {
namespace {

struct Inspect {
  std::string file;
  bool json = false;

  int run() const;
};

int Inspect::run() const {
  constexpr http::Limits kLimits;
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!error && size > kLimits.upload_bytes) {
    return complain({ErrorCode::kBodyTooLarge, fmt::format("{} has {} bytes; an upload has at most {} MiB", file, size,
                                                           kLimits.upload_bytes >> 20)});
  }
  const auto inspected = read_file(file).and_then(deploy::inspect);
  if (!inspected) return complain(inspected.error());
  if (json) fmt::print("{}\n", boost::json::serialize(to_json(*inspected)));
  else fmt::print("{}: {}", file, to_text(*inspected));
  return inspected->module.why_not ? 1 : 0;
}

}  // namespace

void add_inspect(CLI::App& app, int& exit_code) {
  auto inspect = std::make_shared<Inspect>();
  CLI::App* command = app.add_subcommand("inspect", "Tell what a WebAssembly file would be as a function");
  command->add_option("file", inspect->file, "A .wasm or .wat file, or a zip of one with its files")->required();
  command->add_flag("--json", inspect->json, "Print it as JSON");
  command->footer("Nothing is compiled or deployed. The exit code is 1 when the file could not be.");
  command->callback([inspect, &exit_code] { exit_code = inspect->run(); });
}

}  // namespace mayfly::cli
