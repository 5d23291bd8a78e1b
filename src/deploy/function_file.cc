#include "deploy/function_file.h"

#include "deploy/bad_config.h"
#include "sandbox/limits.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>

namespace mayfly::deploy {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<FunctionFile> read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      if (auto read = read_key(key.str(), node); !read) return fail(std::move(read.error()));
    }
    return std::move(result_);
  }

 private:
  Status read_key(std::string_view key, const toml::node& node) {
    if (key == "name") return read_text(key, node, result_.name);
    if (key == "build") return read_text(key, node, result_.build);
    if (key == "module") return read_text(key, node, result_.module);
    if (key == "entry" || key == "language" || key == "entrypoint" || key == "snapshot" || key == "cgi" ||
        key == "argv" || key == "timing" || key == "tenant")
      return add(key, key, node);
    if (key == "allow" || key == "compose") return add_all(key, key, node);
    if (key == "volumes") return add_all("volume", key, node);
    if (key == "files") return read_texts(key, node, result_.files);
    if (key == "stages") return read_texts(key, node, result_.stages);
    if (key == "env") return add_environment(node);
    if (key == "limits") return add_limits(node);
    return bad_config(
        file_, node.source(),
        fmt::format("there is no key `{}`; there are name, module, build, stages, entry, language, entrypoint, "
                    "cgi, argv, timing, tenant, allow, "
                    "compose, volumes, files, [env] and [limits]",
                    key));
  }

  Status read_text(std::string_view key, const toml::node& node, std::string& into) {
    const auto* text = node.as_string();
    if (text == nullptr) return bad_config(file_, node.source(), fmt::format("`{}` is not a text", key));
    into = text->get();
    return {};
  }

  // Texts, whole numbers and booleans are what an option may be.
  Status add(std::string_view option, std::string_view key, const toml::node& node) {
    std::string value;
    if (const auto* text = node.as_string()) value = text->get();
    else if (const auto* number = node.as_integer()) value = fmt::to_string(number->get());
    else if (const auto* flag = node.as_boolean()) value = flag->get() ? "true" : "false";
    else return bad_config(file_, node.source(), fmt::format("`{}` is not a text, a whole number or a boolean", key));
    result_.options.emplace_back(option, std::move(value));
    return {};
  }

  Status add_all(std::string_view option, std::string_view key, const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr) return bad_config(file_, node.source(), fmt::format("`{}` is not a list of texts", key));
    for (const toml::node& entry : *list) {
      if (auto added = add(option, key, entry); !added) return added;
    }
    return {};
  }

  Status read_texts(std::string_view key, const toml::node& node, std::vector<std::string>& into) {
    const auto* list = node.as_array();
    if (list == nullptr) return bad_config(file_, node.source(), fmt::format("`{}` is not a list of texts", key));
    for (const toml::node& entry : *list) {
      if (auto read = read_text(key, entry, into.emplace_back()); !read) return read;
    }
    return {};
  }

  Status add_environment(const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr) return bad_config(file_, node.source(), "`env` is not a table: write [env]");
    for (const auto& [name, value] : *table) {
      if (auto added = add("env", name.str(), value); !added) return added;
      result_.options.back().second.insert(0, fmt::format("{}=", name.str()));
    }
    return {};
  }

  Status add_limits(const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr) return bad_config(file_, node.source(), "`limits` is not a table: write [limits]");
    for (const auto& [name, value] : *table) {
      if (!sandbox::is_limit(name.str())) {
        return bad_config(file_, value.source(),
                          fmt::format("there is no limit `{}`; docs/config.md lists them", name.str()));
      }
      if (auto added = add(name.str(), name.str(), value); !added) return added;
    }
    return {};
  }

  std::string_view file_;
  FunctionFile result_;
};

}  // namespace

Result<FunctionFile> parse_function_file(std::string_view toml, std::string_view file_name) try {
  return Reader(file_name).read(toml::parse(toml, file_name));
} catch (const toml::parse_error& error) {
  return bad_config(file_name, error.source(), error.description());
}

}  // namespace mayfly::deploy
