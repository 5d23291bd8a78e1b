#include "http/multipart.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=b";

std::string parse(std::string_view content_type, std::string_view body) {
  const auto parts = parse_multipart(content_type, body);
  if (!parts) return fmt::format("{}: {}", describe(parts.error().code).slug, parts.error().message);
  std::string text;
  for (const Part& part : *parts) {
    text += fmt::format("[{}|{}|{}|{}]", part.name, part.filename.value_or("-"), part.content_type, part.body);
  }
  return text;
}

// One part with this disposition.
std::string with_disposition(std::string_view value) {
  return parse(kType, fmt::format("--b\r\nContent-Disposition: {}\r\n\r\nx\r\n--b--\r\n", value));
}

TEST(ParseMultipart, SplitsWhatCurlSends) {
  EXPECT_EQ(parse("multipart/form-data; boundary=------------------------d74496d66958873e",
                  "--------------------------d74496d66958873e\r\n"
                  "Content-Disposition: form-data; name=\"name\"\r\n"
                  "\r\n"
                  "hello\r\n"
                  "--------------------------d74496d66958873e\r\n"
                  "Content-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n"
                  "Content-Type: application/zip\r\n"
                  "\r\n"
                  "PK\r\n\r\n\r\n"
                  "--------------------------d74496d66958873e--\r\n"),
            "[name|-|text/plain|hello][file|a.zip|application/zip|PK\r\n\r\n]");
}

TEST(ParseMultipart, IgnoresPreambleAndEpilogue) {
  EXPECT_EQ(parse(kType,
                  "read me\r\n--b \t\r\nContent-Disposition: form-data; "
                  "name=a\r\n\r\n1\r\n--b--\r\n--b\r\n"),
            "[a|-|text/plain|1]");
}

TEST(ParseMultipart, TakesBodiesThatLookAlmostLikeTheBoundary) {
  EXPECT_EQ(parse(kType, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b\n\r\n--bb\r\n--b-\r\n--b--"),
            "[a|-|text/plain|--b\n\r\n--bb\r\n--b-]");
}

TEST(ParseMultipart, TakesAnEmptyFormAndAnEmptyPart) {
  EXPECT_EQ(parse(kType, "--b--\r\n"), "");
  EXPECT_EQ(parse(kType, "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--b--"), "[|-|text/plain|]");
}

TEST(ParseMultipart, TakesAQuotedBoundaryAndParametersOfAnyCase) {
  EXPECT_EQ(parse("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b?\"",
                  "--a b?\r\ncontent-disposition: FORM-DATA; NAME=\"a\"\r\n\r\n1\r\n--a b?--"),
            "[a|-|text/plain|1]");
}

TEST(ParseMultipart, UnescapesQuotedNames) {
  EXPECT_EQ(with_disposition(R"(form-data; name="a\"b"; filename="c;\\d.zip")"), R"([a"b|c;\d.zip|text/plain|x])");
}

TEST(ParseMultipart, IgnoresTheExtendedFilename) {
  EXPECT_EQ(with_disposition("form-data; name=a; filename*=UTF-8''%e2.zip; filename=b.zip"), "[a|b.zip|text/plain|x]");
}

TEST(ParseMultipart, NeedsANameOfFormData) {
  const auto refusal = "bad-multipart: part 1: its Content-Disposition is not form-data with a name";
  EXPECT_EQ(with_disposition("form-data"), refusal);
  EXPECT_EQ(with_disposition("attachment; name=a"), refusal);
  EXPECT_EQ(with_disposition("form-data; name=\"a"), refusal);
  EXPECT_EQ(parse(kType, "--b\r\nX: y\r\n\r\n\r\n--b--"), "bad-multipart: part 1: it has no Content-Disposition");
}

TEST(ParseMultipart, RefusesAnotherMediaType) {
  EXPECT_EQ(parse("application/json", ""), "unsupported-media-type: the Content-Type is not multipart/form-data");
  EXPECT_EQ(parse("", ""), "unsupported-media-type: the Content-Type is not multipart/form-data");
}

TEST(ParseMultipart, RefusesABadBoundary) {
  const auto refusal = "bad-multipart: the boundary is not 1 to 70 of the characters that RFC 2046 allows";
  EXPECT_EQ(parse("multipart/form-data", ""), "bad-multipart: the Content-Type has no boundary");
  EXPECT_EQ(parse("multipart/form-data; boundary=\"\"", ""), refusal);
  EXPECT_EQ(parse("multipart/form-data; boundary=\"a \"", ""), refusal);
  EXPECT_EQ(parse("multipart/form-data; boundary=a*", ""), refusal);
  EXPECT_EQ(parse("multipart/form-data; boundary=" + std::string(71, 'a'), ""), refusal);
}

TEST(ParseMultipart, RefusesABodyThatEndsTooSoon) {
  EXPECT_EQ(parse(kType, ""), "bad-multipart: no line of the body is the boundary that the Content-Type names");
  EXPECT_EQ(parse(kType, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b"),
            "bad-multipart: the body ends before its final boundary");
}

TEST(ParseMultipart, RefusesMalformedHeaders) {
  const auto refusal = "bad-multipart: part 1: it has a malformed header line";
  EXPECT_EQ(parse(kType, "--b\r\nContent-Disposition\r\n\r\n\r\n--b--"), refusal);
  EXPECT_EQ(parse(kType, "--b\r\nA: b\r\n folded\r\n\r\n\r\n--b--"), refusal);
  EXPECT_EQ(parse(kType, "--b\r\nA : b\r\n\r\n\r\n--b--"), refusal);
}

TEST(ParseMultipart, BoundsPartsAndTheirHeaders) {
  EXPECT_EQ(parse(kType, "--b\r\nA: " + std::string(9000, 'a') + "\r\n\r\n\r\n--b--"),
            "bad-multipart: part 1: it has no empty line within 8192 bytes");
  std::string body;
  for (int i = 0; i < 101; ++i) body += "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
  EXPECT_EQ(parse(kType, body + "--b--"), "bad-multipart: there are more than 100 parts");
}

}  // namespace
}  // namespace mayfly::http
