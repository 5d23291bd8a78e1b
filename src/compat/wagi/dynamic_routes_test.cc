#include "compat/wagi/dynamic_routes.h"

#include "compat/wagi/limits.h"

#include <gtest/gtest.h>

namespace mayfly::compat::wagi {
namespace {

std::string parsed(std::string_view output) {
  const auto routes = parse_subroutes(output);
  if (!routes) return "error: " + routes.error().message;
  std::string text;
  for (const Subroute& route : *routes) text += "[" + route.path + "=" + route.entrypoint + "]";
  return text;
}

TEST(Subroutes, AreLinesOfTwoWords) {
  EXPECT_EQ(parsed("/hello hello"), "[/hello=hello]");
  EXPECT_EQ(parsed("/hello hello\n/goodbye/... au_revoir\n"), "[/hello=hello][/goodbye/...=au_revoir]");
  EXPECT_EQ(parsed("\n\n  /a\t b \r\n\r\n/c d"), "[/a=b][/c=d]");
  EXPECT_EQ(parsed("\n"), "") << "no routes, but no mistake";
}

TEST(Subroutes, AreNothingElse) {
  for (const std::string_view output : {"", "/hello", "/hello hello\n/goodbye", "/hello hello heya",
                                        "/hello hello\n/goodbye goodbye and_farewell", "/a b\n \n", "/\xFF b"}) {
    EXPECT_TRUE(parsed(output).starts_with("error: ")) << output;
  }
  EXPECT_EQ(parsed("/a b\n/c"), "error: it prints `/c`, which is not `SUBPATH ENTRYPOINT`");
}

TEST(Subroutes, AreNotTooMany) {
  std::string output;
  for (std::size_t i = 0; i < kMaxRoutes; ++i) output += "/a b\n";
  EXPECT_FALSE(parsed(output).starts_with("error: "));
  EXPECT_EQ(parsed(output + "/a b\n"), "error: it prints more than 1000 routes");
}

TEST(JoinRoutes, PutsOneSlashBetween) {
  EXPECT_EQ(join_routes("/", "/exact"), "/exact");
  EXPECT_EQ(join_routes("/...", "/exact"), "/exact");
  EXPECT_EQ(join_routes("/parent", "/exact"), "/parent/exact");
  EXPECT_EQ(join_routes("/parent", "exact"), "/parent/exact");
  EXPECT_EQ(join_routes("/parent/", "/wildcard/..."), "/parent/wildcard/...");
  EXPECT_EQ(join_routes("/parent/...", "/wildcard/..."), "/parent/wildcard/...");
  EXPECT_EQ(join_routes("/parent", "/"), "/parent/");
  EXPECT_EQ(join_routes("/parent", "/..."), "/parent//...") << "as WAGI has it";
  EXPECT_EQ(join_routes("/parent", "..."), "/parent/...");
}

}  // namespace
}  // namespace mayfly::compat::wagi
