#include "server/access.h"

#include <gtest/gtest.h>

namespace mayfly::server {
namespace {

ErrorCode refused(const Access& access, std::initializer_list<std::pair<const char*, const char*>> fields) {
  http::Request request;
  for (const auto& [name, value] : fields) request.fields.add(name, value);
  const auto checked = access.check(request);
  return checked ? ErrorCode::kInternal : checked.error().code;
}
constexpr ErrorCode kAllowed = ErrorCode::kInternal;

TEST(Access, WithoutATokenIsForLoopbackNames) {
  const Access access("");
  for (const auto* host : {"127.0.0.1:8080", "localhost", "[::1]:80", "127.1.2.3"})
    EXPECT_EQ(refused(access, {{"Host", host}}), kAllowed);
  for (const auto* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", ""}) {
    EXPECT_EQ(refused(access, {{"Host", host}}), ErrorCode::kForeignHost) << host;
  }
}

TEST(Access, IsNeverForAPageOfAnotherOrigin) {
  const Access access("");
  EXPECT_EQ(refused(access, {{"Host", "127.0.0.1:8080"}, {"Origin", "http://127.0.0.1:8080"}}), kAllowed);
  for (const auto* origin : {"http://evil.example", "null", "http://127.0.0.1:9090", "https://127.0.0.1:8080"}) {
    EXPECT_EQ(refused(access, {{"Host", "127.0.0.1:8080"}, {"Origin", origin}}), ErrorCode::kForeignOrigin) << origin;
  }
}

TEST(Access, WithATokenIsForWhoHasIt) {
  const Access access("secret");
  EXPECT_EQ(refused(access, {{"Host", "faas.example"}, {"Authorization", "Bearer secret"}}), kAllowed);
  for (const auto* given : {"Bearer secre", "Bearer secrets", "secret", ""}) {
    EXPECT_EQ(refused(access, {{"Host", "127.0.0.1"}, {"Authorization", given}}), ErrorCode::kTokenNeeded) << given;
  }
}

}  // namespace
}  // namespace mayfly::server
