#include "http/line_scanner.h"

#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

using namespace std::literals;

// Every whole line in brackets, then the error if there is one.
std::string scan(LineScanner& lines, std::string_view bytes) {
  std::string text;
  for (;;) {
    const auto found = lines.next(bytes);
    if (!found) return text + found.error().message;
    if (!*found) return text;
    text += "[" + std::string(**found) + "]";
  }
}

std::string scan(std::string_view bytes) {
  LineScanner lines("the text");
  return scan(lines, bytes);
}

TEST(LineScanner, CutsAtCrlf) { EXPECT_EQ(scan("a\r\n\r\nb c\t\r\nd"), "[a][][b c\t]"); }

TEST(LineScanner, GoesOnWhereTheBytesEnded) {
  LineScanner lines("the text");
  EXPECT_EQ(scan(lines, "a\r"), "");
  EXPECT_EQ(scan(lines, "a\r\nb"), "[a]");
  EXPECT_EQ(scan(lines, "a\r\nb\r\n"), "[b]");
  EXPECT_EQ(lines.end(), 6u);
}

TEST(LineScanner, CountsLinesThatWereDropped) {
  LineScanner lines("the text");
  EXPECT_EQ(scan(lines, "a\r\n"), "[a]");
  lines.drop_lines();
  EXPECT_EQ(scan(lines, "b\r\nc\n"), "[b]line 3 of the text ends with LF instead of CRLF");
}

TEST(LineScanner, RefusesWhatOthersMayReadDifferently) {
  EXPECT_EQ(scan("a\n"), "line 1 of the text ends with LF instead of CRLF");
  EXPECT_EQ(scan("a\rb"), "line 1 of the text has a CR without LF");
  EXPECT_EQ(scan("a\r\r\n"), "line 1 of the text has a CR without LF");
  EXPECT_EQ(scan("a\r\n b"), "[a]line 2 of the text begins with a blank; folded lines are not accepted");
  EXPECT_EQ(scan("a\0"sv), "line 1 of the text has the control character 0x00");
  EXPECT_EQ(scan("a\x7f"), "line 1 of the text has the control character 0x7f");
}

TEST(LineScanner, TakesBytesBeyondAscii) { EXPECT_EQ(scan("\x80\xff\r\n"), "[\x80\xff]"); }

}  // namespace
}  // namespace mayfly::http
