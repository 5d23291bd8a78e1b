#include "source/language.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mayfly::source {
namespace {

TEST(GuessLanguage, ReadsTheFirstLineByWords) {
  EXPECT_EQ(guess_language("#!/usr/bin/perl\n"), "perl");
  EXPECT_EQ(guess_language("#!/usr/bin/env -S perl -w\n"), "perl");
  EXPECT_EQ(guess_language("#!/usr/bin/python3.11\n"), "python");
  EXPECT_EQ(guess_language("#!/usr/bin/env ruby\n"), "ruby");
  EXPECT_EQ(guess_language("#!/usr/local/bin/node\n"), "js") << "`local` is no C";
  EXPECT_EQ(guess_language("#!/usr/bin/tcc -run\n"), "c");
  EXPECT_EQ(guess_language("#!/usr/local/bin/else\n"), "");
  EXPECT_EQ(guess_language("#!"), "");
}

TEST(GuessLanguage, LooksForWhatOthersHaveNot) {
  EXPECT_EQ(guess_language("use strict;\nour $app = sub { };\n"), "perl");
  EXPECT_EQ(guess_language("use v5.36;\nsay 1;\n"), "perl");
  EXPECT_EQ(guess_language("my $app = sub { [200, [], ['x']] };\n"), "perl");
  EXPECT_EQ(guess_language("sub handler { 'x' }\n"), "perl");
  EXPECT_EQ(guess_language("// a comment\n#include <stdio.h>\n"), "c");
  EXPECT_EQ(guess_language("<?php\n$my = 1;\n"), "php");
  EXPECT_EQ(guess_language("package main\n"), "go");
  EXPECT_EQ(guess_language("def handler(request):\n  return 1\n"), "python");
  EXPECT_EQ(guess_language("def handler(request)\n  1\nend\n"), "ruby");
  EXPECT_EQ(guess_language("function handler(request) return 1 end\n"), "lua");
  EXPECT_EQ(guess_language("export default { fetch: () => 1 };\n"), "js");
  EXPECT_EQ(guess_language("export function handler(r: Request): string { return ''; }\n"), "ts");
  EXPECT_EQ(guess_language("hello world"), "");
}

TEST(ReadLanguages, KnowsACompilerAndItsFolders) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "mayfly-language-test";
  std::filesystem::create_directories(folder / "x");
  std::ofstream(folder / "x" / "language.toml") << "name = \"x\"\nmodule = \"x.wasm\"\ncompiler = true\n"
                                                   "argv = \"x ${SOURCES}\"\n[folders]\n\"/lib\" = \"headers\"\n";
  const auto languages = read_languages(folder.string());
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(languages && languages->size() == 1);
  const Language& language = languages->front();
  EXPECT_TRUE(language.is_compiler);
  EXPECT_FALSE(language.is_command);
  EXPECT_EQ(language.module, (folder / "x" / "x.wasm").string());
  EXPECT_EQ(language.folders.at("/lib"), (folder / "x" / "headers").string());
}

}  // namespace
}  // namespace mayfly::source
