#include "registry/route_table.h"

#include <gtest/gtest.h>

namespace mayfly::registry {
namespace {

RouteTable table_of(const std::vector<std::string>& texts) {
  std::vector<Route> routes;
  for (const std::string& text : texts) routes.push_back({text, VersionPtr()});
  return RouteTable(std::move(routes));
}

// Which of the routes answers a path; "" when none does.
std::string found(const std::vector<std::string>& texts, std::string_view path) {
  const RouteTable table = table_of(texts);
  const Route* route = table.find(path);
  return route == nullptr ? "" : route->text;
}

TEST(RouteTable, MatchesAnExactRouteByItsWholePath) {
  EXPECT_EQ(found({"/foo"}, "/foo"), "/foo");
  for (const auto* path : {"/foo/", "/foo/bar", "/foobar", "/fo", "/", "", "foo", "*", "/%66oo"}) {
    EXPECT_EQ(found({"/foo"}, path), "") << path;
  }
  EXPECT_EQ(found({"/foo/"}, "/foo/"), "/foo/");
  EXPECT_EQ(found({"/foo/"}, "/foo"), "");
}

TEST(RouteTable, MatchesAPrefixAtASlash) {
  for (const auto* path : {"/foo", "/foo/", "/foo/bar", "/foo/wizz/skronk", "/foo//"}) {
    EXPECT_EQ(found({"/foo/..."}, path), "/foo/...") << path;
  }
  for (const auto* path : {"/foobar", "/foowizz/foo/skronk", "/", "/fo/o", "//foo"}) {
    EXPECT_EQ(found({"/foo/..."}, path), "") << path;
  }
  EXPECT_EQ(found({"/..."}, "/"), "/...");
  EXPECT_EQ(found({"/..."}, "/a/b"), "/...");
  EXPECT_EQ(found({"/..."}, "*"), "") << "it has no path";
  EXPECT_EQ(found({"/a//..."}, "/a//b"), "/a//...");
  EXPECT_EQ(found({"/a//..."}, "/a/b"), "");
}

TEST(RouteTable, TakesTheFirstThatMatches) {
  EXPECT_EQ(found({"/...", "/a", "/a/..."}, "/a"), "/...");
  EXPECT_EQ(found({"/a", "/...", "/a/..."}, "/a"), "/a");
  EXPECT_EQ(found({"/a", "/a/b/...", "/..."}, "/a/b/c"), "/a/b/...");
  EXPECT_EQ(found({"/a", "/a/...", "/a/b/..."}, "/a/b/c"), "/a/...");
  const RouteTable twice = table_of({"/a", "/a"});
  EXPECT_EQ(twice.find("/a"), &twice.routes()[0]);
}

TEST(Route, KnowsThePartThatNamesTheFunction) {
  const auto name = [](std::string text) { return Route{std::move(text), VersionPtr()}.script_name(); };
  EXPECT_EQ(name("/"), "/");
  EXPECT_EQ(name("/..."), "/");
  EXPECT_EQ(name("/a/b"), "/a/b");
  EXPECT_EQ(name("/a/b/..."), "/a/b");
  EXPECT_EQ(name("/a//..."), "/a/");
}

}  // namespace
}  // namespace mayfly::registry
