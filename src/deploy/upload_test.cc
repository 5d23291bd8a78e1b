#include "deploy/upload.h"

#include "deploy/pack.h"

#include <gtest/gtest.h>

namespace mayfly::deploy {
namespace {

TEST(Upload, IsAModuleOrAZipOfOne) {
  const auto module = read_upload("f", "(module)", {{"tenant", "a"}, {"accept", "any"}});
  ASSERT_TRUE(module) << module.error().message;
  EXPECT_EQ(module->bytes, "(module)");
  EXPECT_EQ(module->settings.tenant, "a");
  EXPECT_EQ(module->accept, kAcceptAny);
  EXPECT_EQ(module->bundled.files, nullptr);

  const std::string archive = *zip({{{"f.wat", "(module)"}, {"a/b", "1"}}});
  const auto bundle = read_upload("f", archive, {});
  ASSERT_TRUE(bundle) << bundle.error().message;
  EXPECT_EQ(bundle->bytes, "(module)");
  EXPECT_EQ(bundle->bundled.zip, archive);
  EXPECT_NE(bundle->bundled.files, nullptr);
}

TEST(Upload, TakesItsModuleFromWhatNamesIt) {
  Bundle files{{{"a.wat", "a"}, {"b.wat", "b"}, {"deep/c.wat", "c"}}};
  const auto module = [&] {
    const auto upload = read_upload("f", *zip(files), {});
    return upload ? upload->bytes : upload.error().message;
  };
  EXPECT_NE(module().find("`a.wat` and `b.wat`"), std::string::npos) << module();
  files.files["metadata.json"] = R"({"language":"wasm","entrypointFile":"b.wat"})";
  EXPECT_EQ(module(), "b");
  files.files["function.toml"] = "module = 'x/../deep/c.wat'";
  EXPECT_EQ(module(), "c");
  files.files["function.toml"] = "tenant = 'a'";
  EXPECT_EQ(module(), "b") << "it names none";
}

TEST(Upload, SaysThatItsLanguageIsAGuess) {
  constexpr auto kSource = "def handler(request)\n  return 1\n";
  const auto said = [&](const std::string& name, const std::vector<http::Parameter>& options, ErrorCode code) {
    const auto upload = read_upload(name, kSource, options);
    return upload ? explain_guess(*upload, {code, "no"}).message : upload.error().message;
  };
  EXPECT_EQ(said("f", {}, ErrorCode::kBadSource),
            "no\nThe language `ruby` is a guess, by how the source looks. Another is named by `?language=NAME` "
            "(`--language NAME` of mayfly deploy), or by the ending of the name that it is uploaded under (`f.py`).");
  EXPECT_NE(said("f", {}, ErrorCode::kUnknownLanguage), "no");
  EXPECT_EQ(said("f", {}, ErrorCode::kStorage), "no") << "which is not of the source";
  EXPECT_EQ(said("f.py", {}, ErrorCode::kBadSource), "no");
  EXPECT_EQ(said("f", {{"language", "python"}}, ErrorCode::kBadSource), "no");
}

TEST(Upload, ShowsAllFilesButTheModuleAndWhatDescribesIt) {
  EXPECT_EQ(visible_files({{{"f.wat", "m"}, {"copy", "m"}, {"function.toml", ""}, {"metadata.json", ""}}}, "m", {}),
            nullptr);
  const auto files = visible_files({{{"f.wat", "m"}, {"deep/function.toml", ""}}}, "m", {});
  ASSERT_NE(files, nullptr);
  EXPECT_TRUE((*files->open_root())->stat(*sandbox::vfs::Path::parse("deep/function.toml"), sandbox::vfs::Follow::kNo));
}

}  // namespace
}  // namespace mayfly::deploy
