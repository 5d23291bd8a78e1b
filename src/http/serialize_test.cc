#include "http/serialize.h"

#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

using Kind = Framing::Kind;

std::string head(const Response& response, const HeadOptions& options) {
  std::string out;
  write_head(out, response, options);
  return out;
}

Response with_fields(std::initializer_list<Field> fields) {
  Response response;
  for (const auto& [name, value] : fields) response.fields.add(name, value);
  return response;
}

TEST(WriteHead, WritesStatusFieldsLengthAndDate) {
  const HeadOptions options{.framing = {Kind::kLength, 5}, .date = "Sun, 06 Nov 1994 08:49:37 GMT"};
  EXPECT_EQ(head(with_fields({{"X-b", "1"}, {"x-A", "2"}}), options),
            "HTTP/1.1 200 OK\r\n"
            "X-b: 1\r\n"
            "x-A: 2\r\n"
            "Content-Length: 5\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "\r\n");
}

TEST(WriteHead, PrefersTheReasonOfTheResponse) {
  EXPECT_EQ(head({.status = 404, .reason = "Nope"}, {}), "HTTP/1.1 404 Nope\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(head({.status = 299}, {}), "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
}

TEST(WriteHead, LeavesOutTheFieldsThatAreOurs) {
  const auto response = with_fields({{"content-length", "9"},
                                     {"Transfer-Encoding", "chunked"},
                                     {"CONNECTION", "x"},
                                     {"Keep-Alive", "x"},
                                     {"Date", "x"},
                                     {"Upgrade", "x"},
                                     {"Trailer", "x"},
                                     {"x-request-id", "x"},
                                     {"Te", "kept"}});
  EXPECT_EQ(head(response, {.framing = {Kind::kUntilClose}, .request_id = "0a"}),
            "HTTP/1.1 200 OK\r\nTe: kept\r\nX-Request-Id: 0a\r\nConnection: close\r\n\r\n");
}

TEST(WriteHead, CannotBeMadeToWriteAnotherLine) {
  auto response = with_fields({{"A", "1\r\nB: 2"}, {"C\r\nD", "3"}, {"E\n", "4"}, {"", "5"}, {"F", "6"}});
  response.reason = "OK\r\nG: 7";
  EXPECT_EQ(head(response, {.framing = {Kind::kChunked}}),
            "HTTP/1.1 200 OK\r\nF: 6\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(WriteHead, TellsHttp10ThatTheConnectionStays) {
  EXPECT_EQ(head({}, {.minor_version = 0}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(WriteHead, TellsThatTheConnectionCloses) {
  EXPECT_EQ(head({}, {.keep_alive = false}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(WriteHead, GivesHeadTheLengthOfTheBodyItDoesNotSend) {
  EXPECT_EQ(head({}, {.framing = {Kind::kNoBody, 7}}), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
}

TEST(WriteHead, GivesNoLengthToAStatusWithoutBody) {
  EXPECT_EQ(head({.status = 100}, {}), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(head({.status = 204}, {.framing = {Kind::kNoBody}}), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(head({.status = 304}, {.framing = {Kind::kLength, 3}}), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(WriteChunk, WritesSizesInHexAndSkipsEmptyChunks) {
  std::string out;
  write_chunk(out, std::string(26, 'x'));
  write_chunk(out, "");
  write_last_chunk(out);
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
}

TEST(ImfFixdate, WritesTheExampleOfTheRfc) {
  EXPECT_EQ(imf_fixdate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(imf_fixdate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace mayfly::http
