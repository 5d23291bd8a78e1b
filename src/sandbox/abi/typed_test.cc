#include "sandbox/abi/typed.h"

#include "base/text.h"
#include "sandbox/engine.h"
#include "sandbox/test_guests.h"

#include <gtest/gtest.h>

namespace mayfly::sandbox::abi {
namespace {

TypedTarget find(std::string method, std::string target) {
  static const auto engine = Engine::create({.slots = 64});
  static const std::string text = guest_text("components/typed");
  static const auto program = (*engine)->load(text, sha256_hex(text), "");
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  return find_typed(**program, {request, "a", "/a", "/a", "", "", ""}, "v1");
}

ErrorCode code(const TypedTarget& target) { return std::get<TypedRefusal>(target).error.code; }

TEST(TypedTarget, IsAFunctionByAnyOfItsNames) {
  const auto function = std::get<std::size_t>(find("POST", "/a/calc/add?x=1"));
  EXPECT_EQ(std::get<std::size_t>(find("POST", "/a/test:types/calc@1.0.0/add")), function);
  EXPECT_EQ(std::get<std::size_t>(find("POST", "/a/test%3Atypes%2Fcalc/add")), function);
  EXPECT_NE(std::get<std::size_t>(find("POST", "/a/greet")), function);
}

TEST(TypedTarget, IsTheDocumentOfWhereItIsServed) {
  const auto document = std::get<http::Response>(find("GET", "/a/openapi.json"));
  EXPECT_TRUE(document.body.starts_with(
      R"({"openapi":"3.1.0","info":{"title":"a","version":"v1"},"servers":[{"url":"/a"}],"paths":{)"))
      << document.body.substr(0, 200);
}

TEST(TypedTarget, RefusesOtherPathsAndMethods) {
  for (const auto* path : {"/a", "/a/", "/a/calc", "/a/calc/add/", "/a/%"})
    EXPECT_EQ(code(find("POST", path)), ErrorCode::kNotFound);
  EXPECT_EQ(code(find("GET", "/a/calc/add")), ErrorCode::kMethodNotAllowed);
  EXPECT_EQ(std::get<TypedRefusal>(find("POST", "/a/openapi.json")).allow, "GET, HEAD");
}

}  // namespace
}  // namespace mayfly::sandbox::abi
