#include "compat/applications.h"

#include "base/file.h"
#include "deploy/bad_config.h"
#include "deploy/options.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <filesystem>

namespace mayfly::compat {
namespace {

using deploy::bad_config;

class Reader {
 public:
  Reader(std::string_view file, const toml::table& table) : file_(file), table_(table) {}

  Result<std::string> text(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return bad_config(file_, table_.source(), fmt::format("[[applications]] has no `{}`", key));
    if (const auto* value = node->as_string()) return value->get();
    return bad_config(file_, node->source(), fmt::format("`{}` is not a text", key));
  }

  Result<std::string> text_or(std::string_view key, std::string_view otherwise) const {
    return table_.contains(key) ? text(key) : Result<std::string>(std::string(otherwise));
  }

  Status read_environment(sandbox::Settings& settings) const {
    const toml::node* node = table_.get("env");
    if (node == nullptr) return {};
    const toml::table* variables = node->as_table();
    if (variables == nullptr) return bad_config(file_, node->source(), "`env` is not a table of texts");
    for (const auto& [key, value] : *variables) {
      const auto* text = value.as_string();
      if (text == nullptr) return bad_config(file_, value.source(), fmt::format("env `{}` is not a text", key.str()));
      settings.environment.emplace(key.str(), text->get());
    }
    return {};
  }

  Status read_limits(sandbox::Settings& settings) const {
    const toml::node* node = table_.get("limits");
    if (node == nullptr) return {};
    const toml::table* limits = node->as_table();
    if (limits == nullptr)
      return bad_config(file_, node->source(), "`limits` is not a table such as { concurrency = 10000 }");
    for (const auto& [key, value] : *limits) {
      const auto* number = value.as_integer();
      const auto* text = value.as_string();
      const bool usable = (number != nullptr || text != nullptr) && sandbox::is_limit(key.str());
      if (!usable)
        return bad_config(file_, value.source(),
                          fmt::format("`{}` is not a limit; docs/config.md lists them", key.str()));
      const std::string given = number != nullptr ? fmt::to_string(number->get()) : text->get();
      if (const auto set = deploy::apply_option(settings, key.str(), given); !set) {
        return bad_config(file_, value.source(), set.error().message);
      }
    }
    return {};
  }

  Status read_allow(Application& application) const {
    const toml::node* node = table_.get("allow");
    if (node == nullptr) {
      application.settings.egress = egress::Rules::everything();
      return {};
    }
    application.allow_given = true;
    const toml::array* list = node->as_array();
    if (list == nullptr)
      return bad_config(file_, node->source(), "`allow` is not a list such as [\"tcp=127.0.0.1:8181\"]");
    for (const toml::node& entry : *list) {
      const auto* text = entry.as_string();
      if (text == nullptr) return bad_config(file_, entry.source(), "an entry of `allow` is not a text");
      // The seed's keys are addresses; ours say of what kind.
      const bool has_kind = text->get().find('=') != std::string::npos || text->get() == "private";
      const std::string value = has_kind ? text->get() : "tcp=" + text->get();
      if (const auto set = deploy::apply_option(application.settings, "allow", value); !set) {
        return bad_config(file_, entry.source(), set.error().message);
      }
    }
    return {};
  }

 private:
  std::string_view file_;
  const toml::table& table_;
};

Result<Application> read_application(std::string_view file, const toml::table& table) {
  const Reader reader(file, table);
  Application application;
  for (const auto& [key, into] :
       {std::pair{"file_path", &application.file_path}, std::pair{"method", &application.method},
        std::pair{"url_path", &application.url_path}}) {
    auto text = reader.text(key);
    if (!text) return fail(std::move(text.error()));
    *into = std::move(*text);
  }
  auto function = reader.text_or("function", "handle");
  if (!function) return fail(std::move(function.error()));
  application.settings.entry = std::move(*function);
  if (!application.url_path.starts_with('/')) {
    return bad_config(file, table.get("url_path")->source(), "`url_path` does not start with `/`");
  }
  if (auto read = reader.read_environment(application.settings); !read) return fail(std::move(read.error()));
  if (auto read = reader.read_limits(application.settings); !read) return fail(std::move(read.error()));
  if (auto read = reader.read_allow(application); !read) return fail(std::move(read.error()));
  return application;
}

Result<ApplicationsConfig> read_config(std::string_view file, const toml::table& root) {
  ApplicationsConfig config;
  if (const toml::node* address = root.get("listen_address")) {
    if (!address->is_string())
      return bad_config(file, address->source(), "`listen_address` is not a text such as \"127.0.0.1:8080\"");
    config.listen_address = address->as_string()->get();
  }
  const toml::node* applications = root.get("applications");
  if (applications == nullptr) {
    const bool wagi = root.contains("module");
    return bad_config(file, root.source(),
                      wagi ? "there is no [[applications]]; a modules.toml of WAGI is served with --wagi"
                           : "there is no [[applications]]");
  }
  const toml::array* list = applications->as_array();
  if (list == nullptr || !list->is_homogeneous<toml::table>()) {
    return bad_config(file, applications->source(), "`applications` is not a list of tables: write [[applications]]");
  }
  for (const toml::node& entry : *list) {
    auto application = read_application(file, *entry.as_table());
    if (!application) return fail(std::move(application.error()));
    config.applications.push_back(std::move(*application));
  }
  return config;
}

}  // namespace

Result<ApplicationsConfig> parse_applications(std::string_view text, std::string_view file_name) try {
  return read_config(file_name, toml::parse(text, file_name));
} catch (const toml::parse_error& error) {
  return bad_config(file_name, error.source(), error.description());
}

Status publish_applications(const ApplicationsConfig& config, deploy::Deployer& deployer,
                            registry::Registry& registry) {
  registry::NameMap<registry::VersionPtr> routes;
  for (const Application& application : config.applications) {
    auto bytes = read_file(application.file_path);
    if (!bytes) return fail(std::move(bytes.error()));
    const std::string name =
        fmt::format("{}:{}", std::filesystem::path(application.file_path).stem().string(), application.settings.entry);
    auto version = deployer.make_ephemeral({name, std::move(*bytes), application.settings});
    if (!version) {
      return fail(version.error().code, fmt::format("{}: {}", application.file_path, version.error().message));
    }
    routes.insert_or_assign(fmt::format("{} {}", application.method, application.url_path), std::move(*version));
  }
  registry.update([&](registry::Snapshot& next) { next.routes = std::move(routes); });
  return {};
}

}  // namespace mayfly::compat
