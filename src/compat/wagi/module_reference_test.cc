#include "compat/wagi/module_reference.h"

#include <gtest/gtest.h>

namespace mayfly::compat::wagi {
namespace {

TEST(ModuleReference, IsAPathOrAFileUrl) {
  for (const auto& [reference, path] : {
           std::pair{"a.wasm", "a.wasm"},
           {"./b/a.wat", "./b/a.wat"},
           {"/srv/a.wasm", "/srv/a.wasm"},
           {"file:/srv/a.wasm", "/srv/a.wasm"},
           {"file:///srv/a.wasm", "/srv/a.wasm"},
           {"file:////srv/a.wasm", "//srv/a.wasm"},
           {"FILE:///srv/a.wasm", "/srv/a.wasm"},
           {"file://localhost/srv/a.wasm", "/srv/a.wasm"},
           {"file:srv/a.wasm", "/srv/a.wasm"},
           {"file:///srv/a%20b.wasm?x#y", "/srv/a b.wasm"},
           {"a b:c.wasm", "a b:c.wasm"},
           {"1:a.wasm", "1:a.wasm"},
           {":a.wasm", ":a.wasm"},
       }) {
    const auto found = module_path(reference);
    ASSERT_TRUE(found) << reference << ": " << found.error().message;
    EXPECT_EQ(*found, path) << reference;
  }
}

TEST(ModuleReference, SaysWhatToDoInstead) {
  for (const auto& [reference, said] : {
           std::pair{"bindle:example.com/foo/1.2.3", "--bindle NAME/VERSION --bindle-path FOLDER"},
           {"oci:foo/bar:1.2.3", "name its file here"},
           {"OCI://localhost:5000/foo:1", "name its file here"},
           {"https://example.com/a.wasm", "unknown scheme `https`"},
           {"file://server/a.wasm", "the host `server`"},
           {"file:///a%zz.wasm", "two hex digits"},
           {"file:///a%00.wasm", "not 00"},
           {"", "is empty"},
       }) {
    const auto found = module_path(reference);
    ASSERT_FALSE(found) << reference;
    EXPECT_EQ(found.error().code, ErrorCode::kBadConfig);
    EXPECT_NE(found.error().message.find(said), std::string::npos) << found.error().message;
  }
}

}  // namespace
}  // namespace mayfly::compat::wagi
