#include "sandbox/inspect.h"

#include "sandbox/test_guests.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mayfly::sandbox {
namespace {

using namespace std::string_view_literals;

TEST(Inspect, FindsOutWhatAModuleIs) {
  const auto found = inspect(guest_text("echo"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->format, UploadKind::kText);
  EXPECT_EQ(found->entry, (EntryPoint{Kind::kCommand, "_start"}));
  EXPECT_FALSE(found->why_not);
  EXPECT_TRUE(std::ranges::count(found->needs, "read stdin"));
  EXPECT_TRUE(std::ranges::all_of(found->imports, &Inspection::Name::provided));
  EXPECT_TRUE(std::ranges::count(found->sections, "code", &Inspection::Section::name));
}

TEST(Inspect, FindsOutWhatAComponentIs) {
  const auto found = inspect(guest_text("components/typed"));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->entry, (EntryPoint{Kind::kTyped, ""}));
  EXPECT_NE(found->wit.find("add: func(a: u32, b: u32) -> u32;"), std::string::npos) << found->wit << found->wit_error;
}

TEST(Inspect, TakesTheEntryPointThatIsWanted) {
  const std::string text = "(module (func (export \"a\")) (func (export \"b\") (param i32)))";
  EXPECT_EQ(inspect(text, "a")->entry->name, "a");
  EXPECT_EQ(inspect(text, "b")->why_not->code, ErrorCode::kNoEntryPoint);
  EXPECT_EQ(inspect(text)->why_not->code, ErrorCode::kNoEntryPoint);
}

TEST(Inspect, RefusesWhatIsBroken) {
  EXPECT_EQ(inspect("").error().code, ErrorCode::kNotWasm);
  EXPECT_EQ(inspect("\0asm\1\0\0\0\1\x7f"sv).error().code, ErrorCode::kBadModule) << "a section that is cut off";
  EXPECT_EQ(inspect("\0asm\1\0\0\0\2\6\xff\xff\xff\xff\x0f\0"sv).error().code, ErrorCode::kBadModule)
      << "imports without end";
}

}  // namespace
}  // namespace mayfly::sandbox
