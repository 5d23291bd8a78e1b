#include "sandbox/compose.h"

#include "sandbox/module.h"

#include <gtest/gtest.h>

#include <vector>

namespace mayfly::sandbox {
namespace {

constexpr std::string_view kImports = R"((component (import "a:b/c@1.0.0" (instance (export "f" (func))))))";
const std::string kExports = R"((component
  (core module $m (func (export "f")))
  (core instance $m (instantiate $m))
  (func $f (canon lift (core func $m "f")))
  (instance $c (export "f" (func $f)))
  (export "a:b/c@1.0.0" (instance $c))))";

std::string why_not(std::string_view component, const std::vector<Plug>& plugs) {
  const auto composed = compose(component, plugs);
  if (composed) return "";
  EXPECT_EQ(composed.error().code, ErrorCode::kBadComposition);
  return composed.error().message;
}

TEST(Compose, MakesABinaryComponent) {
  const auto composed = compose(kImports, std::vector<Plug>{{"p", kExports}});
  ASSERT_TRUE(composed) << composed.error().message;
  EXPECT_EQ(sniff(*composed), UploadKind::kComponent);
  EXPECT_EQ(*composed, *compose(kImports, std::vector<Plug>{{"p", kExports}})) << "the same of the same";
  EXPECT_EQ(why_not(*composed, {{"p", kExports}}).find("nothing that `p` exports is imported"), 0u);
}

TEST(Compose, SaysWhatDoesNotFit) {
  EXPECT_EQ(why_not("(module)", {}), "the upload is a core module, and only components are composed");
  EXPECT_EQ(why_not(kImports, {{"p", "(module)"}}), "`p` is a core module, and only components are composed");
  EXPECT_EQ(why_not(kImports, {{"p", "what"}}), "`p` is no component");
  EXPECT_EQ(why_not(kImports, {{"p", "(component)"}}),
            "nothing that `p` exports is imported: it exports nothing, and what is imported is `a:b/c@1.0.0`");
  const std::string another = R"((component (import "a:b/c@1.0.0" (instance (export "f" (func (param "x" u8)))))))";
  EXPECT_EQ(why_not(another, {{"p", kExports}}).find("`a:b/c@1.0.0` is imported with another type than `p` exports"),
            0u);
  EXPECT_NE(why_not(std::string("\0asm\x0d\0\1\0\xff", 9), {}).find("cannot be read"), std::string::npos);
}

TEST(Compose, RefusesTextThatIsNone) { EXPECT_EQ(compose("(component", {}).error().code, ErrorCode::kBadModule); }

}  // namespace
}  // namespace mayfly::sandbox
