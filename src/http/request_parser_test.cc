#include "http/request_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace mayfly::http {
namespace {

using namespace std::literals;

// The cases of tests/http/*.http; the README beside them describes the format.
struct Case {
  std::string title;
  std::string raw;       // bytes
  std::string expected;  // text
};

std::string unescape(std::string_view text);

// What `\{3*ab}` at the start of `text` stands for; takes it from there.
std::string take_repetition(std::string_view& text) {
  std::size_t count = 0;
  const char* star = std::from_chars(text.data() + 2, text.data() + text.size(), count).ptr;
  const auto begin = static_cast<std::size_t>(star - text.data()) + 1;
  const auto end = text.find('}', begin);
  const std::string once = unescape(text.substr(begin, end - begin));
  text.remove_prefix(end + 1);
  std::string bytes;
  for (; count > 0; --count) bytes += once;
  return bytes;
}

std::string unescape(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    std::size_t used = 2;
    if (text.starts_with("\\{")) {
      bytes += take_repetition(text);
      used = 0;
    } else if (text.starts_with("\\x")) {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(2, 2)), nullptr, 16));
      used = 4;
    } else if (text.starts_with('\\')) {
      bytes += text[1] == 'r' ? '\r' : text[1] == 'n' ? '\n' : text[1] == 't' ? '\t' : text[1];
    } else {
      bytes += text[0];
      used = 1;
    }
    text.remove_prefix(used);
  }
  return bytes;
}

std::string escape(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const char c = bytes[0];
    const auto run = std::min(bytes.find_first_not_of(c), bytes.size());
    const std::size_t used = run > 16 ? run : 1;
    if (used > 1) {
      text += fmt::format("\\{{{}*{}}}", used, c);
    } else if (c == '\r' || c == '\n' || c == '\t') {
      text += c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\t";
    } else if (c < ' ' || c == 0x7f) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
    bytes.remove_prefix(used);
  }
  return text;
}

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> cases;
  bool in_raw = false;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({file.filename().string() + ": " + line.substr(4), "", ""});
      in_raw = true;
    } else if (line == "---") {
      in_raw = false;
    } else if (cases.empty() || line.empty() || line.starts_with("#")) {
      continue;
    } else if (in_raw) {
      cases.back().raw += unescape(line);
    } else {
      cases.back().expected += line + "\n";
    }
  }
  return cases;
}

std::string describe(const Request& request) {
  std::string text = fmt::format("{} {} HTTP/1.{} {}\n", request.method, escape(request.target), request.minor_version,
                                 request.keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : request.fields) {
    text += fmt::format("  {}:{}{}\n", name, value.empty() ? "" : " ", escape(value));
  }
  if (!request.body.empty()) text += fmt::format("  > {}\n", escape(request.body));
  return text;
}

std::string describe(const Error& error) {
  return fmt::format("{} {}: {}\n", mayfly::describe(error.code).status, mayfly::describe(error.code).slug,
                     error.message);
}

std::string_view describe(RequestParser::State state) {
  switch (state) {
    case RequestParser::State::kStart: return "";
    case RequestParser::State::kHeader: return "the header goes on\n";
    case RequestParser::State::kBody: return "the body goes on\n";
    case RequestParser::State::kDone: return "done\n";
  }
  return "?";
}

// What comes of a connection that receives `raw`, `step` bytes at a time.
std::string parse(std::string_view raw, std::size_t step) {
  const Limits limits;
  RequestParser parser(limits);
  std::string outcome;
  std::size_t arrived = 0;
  std::size_t consumed = 0;
  while (arrived < raw.size()) {
    arrived = std::min(arrived + step, raw.size());
    for (std::size_t used = 1; used > 0; consumed += used) {
      const auto result = parser.consume(raw.substr(consumed, arrived - consumed));
      if (!result) return outcome + describe(result.error());
      used = *result;
      if (parser.state() == RequestParser::State::kDone) outcome += describe(parser.take());
    }
  }
  return outcome + std::string(describe(parser.state()));
}

class HttpCases : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(HttpCases, HaveTheSameOutcomeHoweverTheirBytesArrive) {
  const auto cases = read_cases(GetParam());
  EXPECT_FALSE(cases.empty());
  for (const Case& c : cases) {
    EXPECT_EQ(parse(c.raw, c.raw.size()), c.expected) << c.title;
    EXPECT_EQ(parse(c.raw, 1), c.expected) << c.title << ", byte by byte";
    EXPECT_EQ(parse(c.raw, 7), c.expected) << c.title << ", in pieces of seven bytes";
  }
}

std::vector<std::filesystem::path> case_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(MAYFLY_SOURCE_DIR "/tests/http")) {
    if (entry.path().extension() == ".http") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

INSTANTIATE_TEST_SUITE_P(Files, HttpCases, testing::ValuesIn(case_files()),
                         [](const auto& file) { return file.param.stem().string(); });

constexpr auto kPost = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"sv;
constexpr auto kChunked = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"sv;

class RequestParserTest : public testing::Test {
 protected:
  Limits limits;
  RequestParser parser{limits};
};

TEST_F(RequestParserTest, StopsOnceBetweenHeaderAndBody) {
  const auto bytes = std::string(kPost) + "helloGET";
  EXPECT_EQ(parser.consume(bytes), kPost.size());
  EXPECT_EQ(parser.state(), RequestParser::State::kBody);
  EXPECT_EQ(parser.request().target, "/a");
  EXPECT_EQ(parser.consume(std::string_view(bytes).substr(kPost.size())), 5u);
  EXPECT_EQ(parser.state(), RequestParser::State::kDone);
  EXPECT_EQ(parser.consume("GET"), 0u);
  EXPECT_EQ(parser.take().body, "hello");
  EXPECT_EQ(parser.state(), RequestParser::State::kStart);
}

TEST_F(RequestParserTest, IsDoneBehindTheHeaderWhenThereIsNoBody) {
  const auto bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"sv;
  EXPECT_EQ(parser.consume(bytes), bytes.size());
  EXPECT_EQ(parser.state(), RequestParser::State::kDone);
}

TEST_F(RequestParserTest, SaysThatNothingOfARequestHasArrived) {
  EXPECT_EQ(parser.consume(""), 0u);
  EXPECT_EQ(parser.consume("\r\n"), 2u);
  EXPECT_EQ(parser.state(), RequestParser::State::kStart);
  EXPECT_EQ(parser.consume("G"), 0u);
  EXPECT_EQ(parser.state(), RequestParser::State::kHeader);
}

TEST_F(RequestParserTest, RefusesADeclaredBodyAboveTheLimitAtOnce) {
  ASSERT_TRUE(parser.consume(kPost));
  const auto status = parser.limit_body(4);
  ASSERT_FALSE(status);
  EXPECT_EQ(describe(status.error()), "413 body-too-large: the body is larger than 4 bytes\n");
  EXPECT_EQ(parser.consume("hello").error().code, ErrorCode::kBodyTooLarge);
}

TEST_F(RequestParserTest, TakesABodyOfExactlyTheLimit) {
  ASSERT_TRUE(parser.consume(kPost));
  ASSERT_TRUE(parser.limit_body(5));
  EXPECT_EQ(parser.consume("hello"), 5u);
}

TEST_F(RequestParserTest, AppliesTheBodyLimitToTheSumOfChunks) {
  ASSERT_TRUE(parser.consume(kChunked));
  ASSERT_TRUE(parser.limit_body(5));
  EXPECT_TRUE(parser.consume("3\r\nabc\r\n"));
  EXPECT_EQ(parser.consume("\r\n3\r\n").error().message, "the body is larger than 5 bytes");
}

TEST_F(RequestParserTest, RaisesTheBodyLimitForAnUpload) {
  limits.body_bytes = 4;
  RequestParser upload(limits);
  ASSERT_TRUE(upload.consume(kPost));
  ASSERT_TRUE(upload.limit_body(64));
  EXPECT_EQ(upload.consume("hello"), 5u);
}

TEST_F(RequestParserTest, GivesTheSameErrorForEver) {
  const auto error = parser.consume("GET\n").error().message;
  EXPECT_EQ(parser.consume("GET / HTTP/1.1\r\n").error().message, error);
}

TEST_F(RequestParserTest, KnowsThatTheClientWaitsForContinue) {
  ASSERT_TRUE(parser.consume("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_TRUE(parser.expects_continue());
}

TEST_F(RequestParserTest, NeverSends100ContinueToHttp10) {
  ASSERT_TRUE(parser.consume("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_FALSE(parser.expects_continue());
}

}  // namespace
}  // namespace mayfly::http
