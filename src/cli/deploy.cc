#include "base/file.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "deploy/deployer.h"
#include "deploy/function_file.h"
#include "deploy/pack.h"
#include "deploy/pipeline_file.h"
#include "sandbox/limits.h"
#include "source/language.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

namespace mayfly::cli {
namespace {

// The default of a limit as an option would have it: `128MiB`, `10s`, `64`.
std::string default_text(const sandbox::LimitField& field) {
  constexpr sandbox::Limits kDefaults;
  if (const auto* time = std::get_if<std::chrono::milliseconds sandbox::Limits::*>(&field.member)) {
    return fmt::format("{}s", (kDefaults.**time).count() / 1000);
  }
  const std::size_t value = kDefaults.*std::get<std::size_t sandbox::Limits::*>(field.member);
  if (field.unit == sandbox::LimitField::Unit::kCount) return fmt::to_string(value);
  return value >= 1 << 20 ? fmt::format("{}MiB", value >> 20) : fmt::format("{}KiB", value >> 10);
}

struct Deploy {
  Client client;
  std::string file = ".";
  std::string name;
  std::vector<std::string> stages;
  bool cgi = false;
  bool timing = false;
  bool accept = false;
  bool json = false;
  std::map<std::string, std::vector<std::string>> passed;  // options that go to the server as they are

  int run();
  Result<Client::Request> make_request();
  Client::Request add_options(Client::Request request) const;
  Status pack(const std::filesystem::path& path, const deploy::FunctionFile& described, Client::Request& request);
  Status use_pipeline(const std::string& text, const deploy::FunctionFile& described, const std::filesystem::path& path,
                      Client::Request& request);
  Status read_function_file(const std::filesystem::path& path, Client::Request& request);
};

// With its files, the function goes as a zip, which has the function.toml for the server to read.
Status Deploy::pack(const std::filesystem::path& path, const deploy::FunctionFile& described,
                    Client::Request& request) {
  std::vector<std::string> paths = described.files;
  paths.push_back(described.module);
  auto bundle = deploy::read_files(path.parent_path(), paths);
  if (!bundle) return fail(std::move(bundle.error()));
  auto text = read_file(path);
  if (!text) return fail(std::move(text.error()));
  bundle->files.insert_or_assign("function.toml", std::move(*text));
  auto packed = deploy::zip(*bundle);
  if (!packed) return fail(std::move(packed.error()));
  request.body = std::move(*packed);
  return {};
}

// A pipeline goes as it stands: the server reads all of it.
Status Deploy::use_pipeline(const std::string& text, const deploy::FunctionFile& described,
                            const std::filesystem::path& path, Client::Request& request) {
  if (name.empty()) name = described.name;
  if (name.empty()) {
    return fail(ErrorCode::kBadConfig, fmt::format("{} names no function: add `name = \"NAME\"`", path.string()));
  }
  request.body = text;
  return {};
}

// What a function.toml says; an option of the command line takes the place of one of the file, but for those that may
// be repeated, which add to it.
Status Deploy::read_function_file(const std::filesystem::path& path, Client::Request& request) {
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  auto read = deploy::parse_function_file(*text, path.string());
  if (!read) return fail(std::move(read.error()));
  if (!read->stages.empty()) return use_pipeline(*text, *read, path, request);
  if (read->module.empty()) {
    return fail(
        ErrorCode::kBadConfig,
        fmt::format(
            "{} names no module: add `module = \"NAME.wasm\"` or that of the source, or the `stages` of a pipeline",
            path.string()));
  }
  if (name.empty()) name = read->name;
  file = path.parent_path() / read->module;
  if (!read->files.empty()) return pack(path, *read, request);
  for (auto& option : read->options) {
    const bool repeats =
        option.first == "env" || option.first == "allow" || option.first == "volume" || option.first == "compose";
    if (repeats || passed[option.first].empty()) request.query.push_back(std::move(option));
  }
  return {};
}

Result<Client::Request> Deploy::make_request() {
  Client::Request request{"PUT", {}, {}, {}};
  std::filesystem::path path = file;
  if (!stages.empty()) {
    if (name.empty()) name = file;
    request.body = deploy::pipeline_file(stages);
    return add_options(std::move(request));
  }
  if (std::filesystem::is_directory(path)) path /= "function.toml";
  if (path.extension() == ".toml") {
    if (auto read = read_function_file(path, request); !read) return fail(std::move(read.error()));
  }
  if (request.body.empty()) {
    auto bytes = read_file(file);
    if (!bytes) return fail(std::move(bytes.error()));
    request.body = std::move(*bytes);
  }
  const auto language = source::language_of_path(file);
  if (!language.empty() && passed["language"].empty()) request.query.emplace_back("language", language);
  if (name.empty()) name = std::filesystem::path(file).stem();
  return add_options(std::move(request));
}

// Of the command line.
Client::Request Deploy::add_options(Client::Request request) const {
  request.path = "/functions/" + encode(name);
  for (const auto& [option, values] : passed) {
    for (const std::string& value : values) request.query.emplace_back(option, value);
  }
  if (cgi) request.query.emplace_back("cgi", "true");
  if (accept) request.query.emplace_back("accept", deploy::kAcceptAny);
  if (timing) request.query.emplace_back("timing", "true");
  return request;
}

int Deploy::run() {
  auto made = make_request();
  if (!made) return complain(made.error());
  const Client::Request& request = *made;
  return call_and_print(client, request, json, [](const boost::json::value& answer) {
    const auto text = [&](const char* member) { return boost::json::value_to<std::string>(answer.at(member)); };
    fmt::print("{} is live at {}\n  kind {}, version {}, {} bytes, compiled in {:.1f} ms\n  it can only: {}\n",
               text("name"), text("url"), text("kind"), text("version").substr(0, 19),
               answer.at("size").to_number<std::uint64_t>(), answer.at("compile_us").to_number<double>() / 1000,
               text("can_only"));
  });
}

}  // namespace

void add_deploy(CLI::App& app, int& exit_code) {
  auto deploy = std::make_shared<Deploy>();
  CLI::App* command =
      app.add_subcommand("deploy", "Upload a function, a WebAssembly module or source; it is live at once");
  command
      ->add_option("file", deploy->file,
                   "A .wasm or .wat file, source, a zip of one with its files, or a folder with a function.toml")
      ->capture_default_str();
  command->add_option("--name", deploy->name, "Name of the function; the file's name unless given");
  command->add_option("--stages", deploy->stages, "A pipeline of these functions, NAME,NAME,...; `file` is its name")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_flag("--cgi", deploy->cgi, "A CGI program: its output starts with headers");
  command->add_flag("--timing", deploy->timing, "Responses carry a Server-Timing header");
  command->add_flag("--accept-capabilities", deploy->accept, "The new version may do what the one before could not");
  command->add_flag("--json", deploy->json, "Print the server's answer as JSON");
  const auto pass = [&](std::string option, const std::string& help) {
    std::string flag = "--" + option;
    std::ranges::replace(flag, '_', '-');
    command->add_option(flag, deploy->passed[std::move(option)], help)->allow_extra_args(false);
  };
  pass("entry", "Export to call instead of _start, run, handle or handler");
  pass("language", "What the source is written in, where the file's name does not tell: js, python, ...");
  pass("entrypoint", "The file of a zip of sources to begin with");
  pass("snapshot", "true: a module is initialised once, at the deploy");
  pass("argv", "Arguments of a command, with ${SCRIPT_NAME} and ${ARGS}");
  pass("env", "Environment variable NAME=value; may be repeated");
  pass("allow", "Where it may connect: tcp=HOST:PORT, http=https://HOST, private; may be repeated");
  pass("volume", "Volume of the server as NAME:/path, or NAME:/path:rw; may be repeated");
  pass("compose", "Deployed component whose exports it imports; may be repeated");
  pass("tenant", "Whose function it is");
  for (const sandbox::LimitField& field : sandbox::limit_fields()) {
    pass(std::string(field.option), fmt::format("Limit: {} [{}]", field.help, default_text(field)));
  }
  deploy->client.add_options(*command);
  command->callback([deploy, &exit_code] { exit_code = deploy->run(); });
}

}  // namespace mayfly::cli
