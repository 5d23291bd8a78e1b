#include "http/problem.h"

#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

TEST(Problem, IsTheDocumentOfRfc9457) {
  const auto response = problem({ErrorCode::kUnknownFunction, "no function \"a\""}, {.request_id = "r1"});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.fields.get("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.body, R"({"type":"/_mayfly/errors/unknown-function","title":"Unknown function","status":404,)"
                           R"("detail":"no function \"a\"","instance":"r1"})");
}

TEST(Problem, CarriesTheErrorMemberOfTheSeeds) {
  const auto response = problem({ErrorCode::kBadBundle, "no zip"}, {.seed_error = true});
  EXPECT_TRUE(response.body.ends_with(R"("detail":"no zip","error":"no zip"})")) << response.body;
}

TEST(Problem, CarriesAValueAsItCame) {
  const auto response = problem({ErrorCode::kFunctionError, "no"}, {.value = R"({"n":18446744073709551615})"});
  EXPECT_TRUE(response.body.ends_with(R"("detail":"no","value":{"n":18446744073709551615}})")) << response.body;
}

TEST(Problem, IsJsonWhateverBytesTheMessageQuotes) {
  const auto response = problem({ErrorCode::kTrap, "a\xFF\n"}, {});
  EXPECT_NE(response.body.find("\"a\uFFFD\\n\""), std::string::npos) << response.body;
}

TEST(Problem, TellsWhenToTryAgain) {
  EXPECT_EQ(problem({ErrorCode::kOverloaded, ""}, {}).fields.get("Retry-After"), "1");
  EXPECT_EQ(problem({ErrorCode::kTrap, ""}, {}).fields.find("Retry-After"), nullptr);
}

TEST(ProblemPage, SaysWhatToDo) {
  const auto page = problem_page("not-wasm");
  ASSERT_TRUE(page);
  EXPECT_NE(page->find("<h1>Not a WebAssembly module</h1>"), std::string::npos);
  EXPECT_NE(page->find("<code>curl -T hello.wasm</code>"), std::string::npos);
  EXPECT_NE(page->find("/_mayfly/errors/not-wasm"), std::string::npos);
}

TEST(ProblemPage, EscapesHtml) {
  const auto page = problem_page("bad-metadata");
  ASSERT_TRUE(page);
  EXPECT_NE(page->find("{&quot;language&quot;: &quot;wasm&quot;"), std::string::npos);
}

TEST(ProblemPage, ListsEveryErrorWithALink) {
  const auto page = problem_page("");
  ASSERT_TRUE(page);
  for (const auto& entry : error_catalogue()) {
    const auto link = "href=\"/_mayfly/errors/" + std::string(entry.slug) + "\"";
    EXPECT_NE(page->find(link), std::string::npos) << entry.slug;
  }
}

TEST(ProblemPage, ExistsForEveryErrorAndNoOther) {
  for (const auto& entry : error_catalogue()) EXPECT_TRUE(problem_page(entry.slug)) << entry.slug;
  EXPECT_FALSE(problem_page("nonsense"));
}

}  // namespace
}  // namespace mayfly::http
