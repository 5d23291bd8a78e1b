#include "base/log.h"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <array>
#include <vector>

namespace mayfly {
namespace {

TEST(Log, WritesEveryLineAsJsonBeforeItIsGone) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  {
    Log log(ends[1]);
    log.write(std::move(LogLine("request").text("path", "/a\"b\n\x01\xFF").number("status", 200)));
    log.write(LogLine("second"));
  }
  ::close(ends[1]);
  std::array<char, 1000> buffer;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(::read(ends[0], buffer.data(), buffer.size())));
  ::close(ends[0]);
  EXPECT_NE(text.find(R"("event":"request","path":"/a\"b\n\u0001)"
                      "\xEF\xBF\xBD"
                      R"(","status":200})"),
            text.npos)
      << text;
  EXPECT_NE(text.find("\"event\":\"second\"}\n"), text.npos);
}

TEST(LogLine, HasListsOfObjects) {
  const auto line = [](std::vector<int> values) {
    LogLine made("request");
    made.list("stages", values, [](LogLine& object, int value) { object.number("n", value).text("t", "x"); });
    return std::move(made.number("after", 1)).finish();
  };
  EXPECT_NE(line({}).find(R"(,"stages":[],"after":1})"), std::string::npos) << line({});
  EXPECT_NE(line({1, 2}).find(R"(,"stages":[{"n":1,"t":"x"},{"n":2,"t":"x"}],"after":1})"), std::string::npos)
      << line({1, 2});
}

}  // namespace
}  // namespace mayfly
