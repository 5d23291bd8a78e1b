// The verbs on functions that are deployed: list, show, remove, rollback.

#include "cli/client.h"
#include "cli/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <ctime>
#include <memory>

namespace mayfly::cli {
namespace {

namespace json = boost::json;

struct Verb {
  Client client;
  std::string name;
  std::string version;
  bool as_json = false;
};

std::string text(const json::value& object, const char* member) {
  return json::value_to<std::string>(object.at(member));
}

// `sha256:` and 12 digits: enough to tell versions apart, and to give to rollback.
std::string short_digest(const json::value& object) { return text(object, "version").substr(0, 19); }

std::string local_time(const json::value& object) {
  const std::time_t seconds = object.at("created_ms").to_number<std::int64_t>() / 1000;
  std::tm local;
  ::localtime_r(&seconds, &local);
  char buffer[32];
  return {buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &local)};
}

void print_list(const json::value& answer) {
  const json::array& functions = answer.at("functions").as_array();
  if (functions.empty()) {
    fmt::print("No functions yet: mayfly deploy hello.wasm\n");
    return;
  }
  for (const json::value& function : functions) {
    fmt::print("{:24} {:8} {}  {}  {}\n", text(function, "name"), text(function, "kind"), short_digest(function),
               local_time(function), text(function, "url"));
  }
}

std::string what_is_called(const json::value& answer) {
  const json::value* stages = answer.as_object().if_contains("stages");
  if (stages == nullptr) return fmt::format("entry {}", text(answer, "entry"));
  return fmt::format("stages {}", fmt::join(json::value_to<std::vector<std::string>>(*stages), ", "));
}

void print_function(const json::value& answer) {
  fmt::print("{} at {}\n  kind {}, {}\n", text(answer, "name"), text(answer, "url"), text(answer, "kind"),
             what_is_called(answer));
  for (const json::value& version : answer.at("versions").as_array()) {
    fmt::print("  {} {}  {}  {} bytes\n", version.at("active").as_bool() ? "*" : " ", short_digest(version),
               local_time(version), version.at("size").to_number<std::uint64_t>());
  }
}

// What the four verbs have in common; `with_name` for those on one function.
CLI::App* add_verb(CLI::App& app, const std::string& name, const std::string& help, const std::shared_ptr<Verb>& verb,
                   int& exit_code, std::function<int()> execute) {
  CLI::App* command = app.add_subcommand(name, help);
  if (name != "list") command->add_option("name", verb->name, "Name of the function")->required();
  command->add_flag("--json", verb->as_json, "Print the server's answer as JSON");
  verb->client.add_options(*command);
  command->callback([execute = std::move(execute), &exit_code] { exit_code = execute(); });
  return command;
}

std::string path_of(const Verb& verb) { return "/functions/" + encode(verb.name); }

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<Verb>();
  add_verb(app, "list", "List the functions of a server", verb, exit_code,
           [verb] { return call_and_print(verb->client, {"GET", "/functions", {}, ""}, verb->as_json, print_list); });
}

void add_show(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<Verb>();
  add_verb(app, "show", "Show a function and its versions", verb, exit_code, [verb] {
    return call_and_print(verb->client, {"GET", path_of(*verb), {}, ""}, verb->as_json, print_function);
  });
}

void add_remove(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<Verb>();
  add_verb(app, "remove", "Remove a function and its versions", verb, exit_code, [verb] {
    return call_and_print(verb->client, {"DELETE", path_of(*verb), {}, ""}, verb->as_json,
                          [](const json::value& answer) { fmt::print("{} is removed\n", text(answer, "removed")); });
  });
}

void add_rollback(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<Verb>();
  CLI::App* command = add_verb(app, "rollback", "Go back to an older version of a function", verb, exit_code, [verb] {
    Client::Request request{"POST", path_of(*verb) + "/rollback", {}, ""};
    if (!verb->version.empty()) request.query.emplace_back("version", verb->version);
    return call_and_print(verb->client, request, verb->as_json, [](const json::value& answer) {
      fmt::print("{} answers with version {} again\n", text(answer, "name"), short_digest(answer));
    });
  });
  command->add_option("--version", verb->version, "Digest of the version, or its start; the one before unless given");
}

}  // namespace mayfly::cli
