#include "base/file.h"
#include "cli/client.h"
#include "cli/commands.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <filesystem>
#include <memory>

namespace mayfly::cli {
namespace {

struct Deploy {
  Client client;
  std::string file;
  std::string name;
  bool cgi = false;
  bool json = false;
  // Options that go to the server as they are.
  std::vector<std::pair<std::string, std::vector<std::string>>> passed = {
      {"entry", {}},   {"env", {}},      {"allow", {}}, {"memory", {}}, {"cpu", {}},
      {"timeout", {}}, {"response", {}}, {"log", {}},   {"sockets", {}}};

  int run();
};

int Deploy::run() {
  auto bytes = read_file(file);
  if (!bytes) return complain(bytes.error());
  if (name.empty()) name = std::filesystem::path(file).stem();
  Client::Request request{"PUT", "/functions/" + encode(name), {}, std::move(*bytes)};
  for (const auto& [option, values] : passed) {
    for (const std::string& value : values) request.query.emplace_back(option, value);
  }
  if (cgi) request.query.emplace_back("cgi", "true");
  return call_and_print(client, request, json, [](const boost::json::value& answer) {
    const auto text = [&](const char* member) { return boost::json::value_to<std::string>(answer.at(member)); };
    fmt::print("{} is live at {}\n  kind {}, version {}, {} bytes, compiled in {:.1f} ms\n", text("name"), text("url"),
               text("kind"), text("version").substr(0, 19), answer.at("size").to_number<std::uint64_t>(),
               answer.at("compile_us").to_number<double>() / 1000);
  });
}

}  // namespace

void add_deploy(CLI::App& app, int& exit_code) {
  auto deploy = std::make_shared<Deploy>();
  CLI::App* command = app.add_subcommand("deploy", "Upload a WebAssembly module; it is live at once");
  command->add_option("file", deploy->file, "A .wasm or .wat file")->required();
  command->add_option("--name", deploy->name, "Name of the function; the file's name unless given");
  command->add_flag("--cgi", deploy->cgi, "A CGI program: its output starts with headers");
  command->add_flag("--json", deploy->json, "Print the server's answer as JSON");
  constexpr const char* kHelp[] = {
      "Export to call instead of _start, run, handle or handler",
      "Environment variable NAME=value; may be repeated",
      "Capability, as tcp=HOST:PORT; may be repeated",
      "Memory limit, as 128MiB",
      "CPU time limit of an invocation, as 10s",
      "Wall-clock limit of an invocation, as 30s",
      "Response limit, as 16MiB",
      "Function log limit of an invocation, as 256KiB",
      "Sockets it may have open at once",
  };
  for (std::size_t i = 0; i < deploy->passed.size(); ++i) {
    auto& [option, values] = deploy->passed[i];
    command->add_option("--" + option, values, kHelp[i])->allow_extra_args(false);
  }
  deploy->client.add_options(*command);
  command->callback([deploy, &exit_code] { exit_code = deploy->run(); });
}

}  // namespace mayfly::cli
