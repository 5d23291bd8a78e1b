#include "source/language.h"

#include "base/file.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace mayfly::source {
namespace {

namespace fs = std::filesystem;

// Names as GraalVM has them, where it has the language.
struct Names {
  std::string_view name;
  std::array<std::string_view, 3> also;
  std::array<std::string_view, 4> extensions;  // the first is that of files without a name
};
constexpr std::array kNames = {
    Names{"js", {"javascript"}, {".js", ".mjs", ".cjs"}},
    Names{"ts", {"typescript"}, {".ts", ".mts", ".cts", ".tsx"}},
    Names{"python", {"py", "python3"}, {".py"}},
    Names{"lua", {}, {".lua"}},
    Names{"php", {}, {".php"}},
    Names{"ruby", {"rb"}, {".rb"}},
    Names{"perl", {"pl"}, {".pl", ".psgi", ".pm"}},
    Names{"c", {}, {".c"}},
    Names{"go", {"golang"}, {".go"}},
    Names{"prolog", {}, {".pro", ".prolog"}},
};

struct Sign {
  std::string_view start;  // of a line
  std::string_view language;
  std::string_view end = "";  // of the same line
};
// Of what hardly any other language has, to what some have.
constexpr std::array kSigns = {
    Sign{"<?php", "php"},
    Sign{"package main", "go"},
    Sign{"#include", "c"},
    Sign{"use strict;", "perl"},
    Sign{"use warnings;", "perl"},
    Sign{"use v5", "perl", ";"},
    Sign{"sub ", "perl", "{"},
    Sign{"sub ", "perl", "}"},
    Sign{"my $", "perl"},
    Sign{"my (", "perl", ";"},
    Sign{":- ", "prolog"},
    Sign{"local function ", "lua"},
    Sign{"local ", "lua"},
    Sign{"interface ", "ts", "{"},
    Sign{"import type ", "ts"},
    Sign{"def ", "python", ":"},
    Sign{"async def ", "python", ":"},
    Sign{"class ", "python", ":"},
    Sign{"from ", "python"},
    Sign{"def ", "ruby"},
    Sign{"require '", "ruby"},
    Sign{"import ", "js", ";"},
    Sign{"import ", "js", "'"},
    Sign{"import ", "js", "\""},
    Sign{"export ", "js"},
    Sign{"console.", "js"},
    Sign{"globalThis.", "js"},
    Sign{"const ", "js"},
    Sign{"let ", "js"},
    Sign{"var ", "js"},
    Sign{"async function ", "js"},
    Sign{"function ", "js", "{"},
    Sign{"module.exports", "js"},
    Sign{"addEventListener", "js"},
    Sign{"(", "js"},
    Sign{"\"use strict\"", "js"},
    Sign{"'use strict'", "js"},
    Sign{"function ", "lua"},
    Sign{"import ", "python"},
};

// Types behind a colon, which a text of JavaScript has in strings and comments at most: what is taken for TypeScript
// by mistake runs as well.
bool has_types(std::string_view text) {
  constexpr std::array kTypes = {": string",  ": number",   ": boolean",  ": any",     ": unknown",    ": void",
                                 ": Request", ": Response", ": Promise<", ": Record<", "\ninterface ", "\ntype "};
  return std::ranges::any_of(kTypes, [&](std::string_view type) { return text.find(type) != std::string_view::npos; });
}

std::string_view of_shebang(std::string_view line) {
  if (!line.starts_with("#!")) return "";
  constexpr std::string_view kEnds = " \t/";
  while (!line.empty()) {
    std::string_view word = line.substr(0, line.find_first_of(kEnds));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    while (!word.empty() && std::string_view("0123456789.").find(word.back()) != std::string_view::npos) {
      word.remove_suffix(1);
    }
    if (const auto language = canonical_language(word); !language.empty()) return language;
    if (word == "node") return "js";
    if (word == "tcc") return "c";
  }
  return "";
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::map<std::string, std::string, std::less<>> texts_of(const toml::table& table, std::string_view key) {
  std::map<std::string, std::string, std::less<>> all;
  if (const auto* texts = table[key].as_table()) {
    for (const auto& [name, value] : *texts) all.emplace(name.str(), value.value_or(std::string()));
  }
  return all;
}

Result<Language> read_language(const fs::path& file) try {
  const auto text = read_file(file.string());
  if (!text) return fail(text.error());
  const toml::table table = toml::parse(*text, file.string());
  const auto path = [&](std::string_view key) {
    const std::string name = table[key].value_or(std::string());
    return name.empty() ? name : (file.parent_path() / name).string();
  };
  auto folders = texts_of(table, "folders");
  for (auto& [at, folder] : folders) folder = (file.parent_path() / folder).string();
  return Language{
      .name = table["name"].value_or(std::string()),
      .title = table["title"].value_or(std::string()),
      .version = table["version"].value_or(std::string()),
      .licence = table["licence"].value_or(std::string()),
      .sample = path("sample"),
      .module = path("module"),
      .interpreter = table["interpreter"].value_or(std::string()),
      .translator = path("translator"),
      .is_command = table["command"].value_or(false) || table["cgi"].value_or(false),
      .cgi = table["cgi"].value_or(false),
      .argv = table["argv"].value_or(std::string()),
      .failure = table["failure"].value_or(std::string()),
      .check = table["check"].value_or(std::string()),
      .environment = texts_of(table, "environment"),
      .is_compiler = table["compiler"].value_or(false),
      .folders = std::move(folders),
  };
} catch (const toml::parse_error& error) {
  return fail(ErrorCode::kBadConfig,
              fmt::format("{}:{}: {}", file.string(), error.source().begin.line, error.description()));
}

}  // namespace

Result<std::vector<Language>> read_languages(const std::string& folder) {
  std::vector<Language> languages;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const fs::path file = entry.path() / "language.toml";
    if (!fs::exists(file, ignored)) continue;
    auto language = read_language(file);
    if (!language) return fail(std::move(language.error()));
    languages.push_back(std::move(*language));
  }
  std::ranges::sort(languages, {}, &Language::name);
  return languages;
}

std::string_view language_of_path(std::string_view path) {
  for (const Names& names : kNames) {
    for (const std::string_view extension : names.extensions) {
      if (!extension.empty() && path.ends_with(extension)) return names.name;
    }
  }
  return "";
}

std::string_view canonical_language(std::string_view name) {
  for (const Names& names : kNames) {
    if (name == names.name || (!name.empty() && std::ranges::find(names.also, name) != names.also.end())) {
      return names.name;
    }
  }
  return "";
}

std::string fill_in(std::string text, std::string_view entrypoint) {
  constexpr std::string_view kEntrypoint = "${ENTRYPOINT}";
  for (auto at = text.find(kEntrypoint); at != std::string::npos; at = text.find(kEntrypoint, at + entrypoint.size())) {
    text.replace(at, kEntrypoint.size(), entrypoint);
  }
  return text;
}

std::string default_path(std::string_view language) {
  const auto names = std::ranges::find(kNames, language, &Names::name);
  return fmt::format("main{}", names == kNames.end() ? "" : names->extensions[0]);
}

std::string entrypoint_of(const sandbox::Settings& settings) {
  return settings.entrypoint.empty() ? default_path(settings.language) : settings.entrypoint;
}

std::string_view guess_language(std::string_view text) {
  const auto lines = lines_of(text.substr(0, 64 << 10));
  if (!lines.empty()) {
    if (const auto language = of_shebang(lines.front()); !language.empty()) return language;
  }
  for (const Sign& sign : kSigns) {
    for (const std::string_view line : lines) {
      if (!line.starts_with(sign.start) || !line.ends_with(sign.end)) continue;
      return sign.language == "js" && has_types(text) ? "ts" : sign.language;
    }
  }
  return "";
}

}  // namespace mayfly::source
