#include "storage/s3/client.h"

#include "storage/s3/test_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace mayfly::storage::s3 {
namespace {

TEST(Request, SortsAndEncodesItsQuery) {
  EXPECT_EQ(
      target_of({.method = "GET",
                 .bucket = "b",
                 .query = {{"prefix", "a b/\"\xc3\xa4"}, {"list-type", "2"}, {"versions", ""}, {"delimiter", "/"}}}),
      "/b?delimiter=%2F&list-type=2&prefix=a%20b%2F%22%C3%A4&versions=");
  EXPECT_EQ(target_of({.method = "GET", .bucket = "b", .key = "a/b c+%.wasm"}), "/b/a/b%20c%2B%25.wasm");
}

TEST(Answers, ReadsAListWithWhatXmlEscapes) {
  const auto page = read_list(R"(<?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated>
      <NextContinuationToken>a+b/=</NextContinuationToken>
      <Contents><Key>a &amp; "b" </Key><ETag>&#34;1&#34;</ETag></Contents>
      <CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes></ListBucketResult>)");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects.at(0).key, "a & \"b\" ");
  EXPECT_EQ(page->objects.at(0).etag, "\"1\"");
  EXPECT_EQ(page->prefixes, std::vector<std::string>{"c/"});
  EXPECT_EQ(page->next, "a+b/=");
  for (const auto* text : {"", "<html></html>", "<ListBucketResult>", "no xml"}) EXPECT_FALSE(read_list(text)) << text;
}

TEST(Answers, ReadsTimes) {
  EXPECT_EQ(read_time("1970-01-02T00:00:01.000Z"), 86'401'000);
  EXPECT_EQ(read_time("2026-11-21T13:16:34Z"), 1'795'266'994'000);
  EXPECT_EQ(read_time("yesterday"), 0);
}

Settings settings_of(std::map<std::string, const char*> environment) {
  const auto read = read_settings([&](const char* name) { return environment[name]; });
  return read ? *read : Settings{.endpoint = read.error().message};
}

TEST(Settings, ComeFromTheEnvironmentAsTheToolsOfAwsReadIt) {
  const std::map<std::string, const char*> keys = {{"AWS_ACCESS_KEY_ID", "k"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  EXPECT_EQ(settings_of(keys).endpoint, "https://s3.us-east-1.amazonaws.com");
  auto more = keys;
  more["AWS_DEFAULT_REGION"] = "eu-west-1";
  EXPECT_EQ(settings_of(more).endpoint, "https://s3.eu-west-1.amazonaws.com");
  more["AWS_REGION"] = "eu-west-2";
  more["AWS_ENDPOINT_URL"] = "http://one:9000/";
  EXPECT_EQ(settings_of(more).region, "eu-west-2");
  EXPECT_EQ(settings_of(more).endpoint, "http://one:9000");
  more["AWS_ENDPOINT_URL_S3"] = "http://two";
  EXPECT_EQ(settings_of(more).endpoint, "http://two");
  more["AWS_ENDPOINT_URL_S3"] = "two:9000";
  EXPECT_EQ(settings_of(more).endpoint, "AWS_ENDPOINT_URL is `two:9000`: it starts with http:// or https://");
  EXPECT_EQ(settings_of({{"AWS_ACCESS_KEY_ID", "k"}}).endpoint,
            "--store s3:// needs AWS_SECRET_ACCESS_KEY in the environment");
}

TEST(Location, IsABucketAndAPrefixOrNeither) {
  EXPECT_EQ(parse_location("s3://")->bucket, "");
  EXPECT_EQ(parse_location("s3://mine")->prefix, "");
  EXPECT_EQ(parse_location("s3://mine/")->prefix, "");
  EXPECT_EQ(parse_location("s3://mine/a/b/")->prefix, "a/b/");
  for (const auto* url :
       {"", "s3", "s3:/mine", "http://mine", "s3:///a", "s3://Mine", "s3://mine//a", "s3://mine/../a"}) {
    EXPECT_FALSE(parse_location(url)) << url;
  }
}

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(client_.create_bucket("bucket")); }

  std::vector<std::string> keys(std::string_view prefix, std::string_view delimiter, std::size_t page) {
    std::vector<std::string> keys;
    const auto list = client_.list("bucket", prefix, delimiter, page);
    EXPECT_TRUE(list) << list.error().message;
    for (const Listed& object : list->objects) keys.push_back(object.key);
    for (const std::string& each : list->prefixes) keys.push_back(each + "...");
    return keys;
  }

  TestServer server_;
  Client client_{server_.settings()};
};

TEST_F(ClientTest, ListsInPagesWithAPrefixAndADelimiter) {
  for (const auto* key : {"a b/1", "a b/2", "a b/c+d/3", "a b/c+d/4", "a b/e/5", "other"}) {
    ASSERT_TRUE(client_.put("bucket", key, key)) << key;
  }
  for (const std::size_t page : {1U, 2U, 1000U}) {
    EXPECT_EQ(keys("", "", page).size(), 6U) << page;
    EXPECT_EQ(keys("a b/", "", page).size(), 5U) << page;
    EXPECT_EQ(keys("a b/", "/", page), (std::vector<std::string>{"a b/1", "a b/2", "a b/c+d/...", "a b/e/..."}))
        << page;
  }
  EXPECT_TRUE(keys("nothing", "", 1000).empty());
}

TEST_F(ClientTest, PutsOnConditions) {
  using Kind = Client::Condition::Kind;
  const auto one = client_.put("bucket", "key", "one", {Kind::kIsMissing}).value();
  ASSERT_TRUE(one);
  EXPECT_FALSE(client_.put("bucket", "key", "two", {Kind::kIsMissing}).value()) << "it is there";
  const auto two = client_.put("bucket", "key", "two", {Kind::kHasEtag, *one}).value();
  ASSERT_TRUE(two);
  EXPECT_FALSE(client_.put("bucket", "key", "three", {Kind::kHasEtag, *one}).value()) << "it is another by now";
  EXPECT_EQ(client_.get("bucket", "key")->bytes, "two");
  EXPECT_TRUE(client_.get("bucket", "key", *two)->is_known);
  EXPECT_FALSE(client_.get("bucket", "key", *one)->is_known);
}

TEST_F(ClientTest, MovesEveryByteOfALargeObject) {
  std::string bytes(5'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 >> 3);
  ASSERT_TRUE(client_.put("bucket", "large", bytes));
  EXPECT_EQ(client_.get("bucket", "large")->bytes, bytes);
}

TEST_F(ClientTest, SendsASessionToken) {
  Settings temporary = server_.settings();
  temporary.session_token = "to/ken+of=one&session";
  const auto refused = Client(temporary).put("bucket", "key", "bytes");
  ASSERT_FALSE(refused) << "this server gives none";
  EXPECT_NE(refused.error().message.find("InvalidToken"), std::string::npos) << refused.error().message;
}

TEST_F(ClientTest, TellsRefusalsApart) {
  EXPECT_EQ(client_.get("bucket", "none").error().code, ErrorCode::kUnknownFile);
  EXPECT_EQ(client_.get("nowhere", "none").error().code, ErrorCode::kUnknownBucket);
  EXPECT_EQ(client_.create_bucket("bucket").error().code, ErrorCode::kBucketExists);
  Settings wrong = server_.settings();
  wrong.secret_key = "guess";
  EXPECT_EQ(Client(wrong).get("bucket", "none").error().code, ErrorCode::kStoreRefused);
  EXPECT_NE(Client(wrong).get("bucket", "none").error().message.find("SignatureDoesNotMatch"), std::string::npos);
  EXPECT_FALSE(Client(wrong).check_key_pair());
  EXPECT_TRUE(client_.check_key_pair());
  server_.stop();
  EXPECT_EQ(client_.get("bucket", "none").error().code, ErrorCode::kStoreAway);
  EXPECT_EQ(client_.check_key_pair().error().code, ErrorCode::kStoreAway);
}

}  // namespace
}  // namespace mayfly::storage::s3
