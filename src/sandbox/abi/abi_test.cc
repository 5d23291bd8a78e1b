#include "sandbox/abi/abi.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mayfly::sandbox::abi {
namespace {

http::Request get(std::string target) {
  http::Request request;
  request.method = "GET";
  request.target = std::move(target);
  return request;
}

Call call_of(const http::Request& request) {
  return {request, request.body.size(), "hello", "/hello/...", "/hello", "127.0.0.1", "example.org", "8080"};
}

using Strings = std::vector<std::string>;

bool contains(const Strings& environment, std::string_view variable) {
  return std::ranges::find(environment, variable) != environment.end();
}

TEST(CommandInputs, AddQueryParametersThatNeverOverrideConfiguredVariables) {
  const auto request = get("/hello?b=1&a=evil&b=2&c&a%3Devil=1&%00=1");
  const Settings settings{.environment = {{"a", "configured"}}};
  const Inputs inputs = make_inputs(Kind::kCommand, settings, {}, call_of(request));
  EXPECT_EQ(inputs.environment, (Strings{"a=configured", "b=2", "c="}));
  EXPECT_EQ(inputs.arguments, Strings{"hello"});
}

TEST(CommandHead, TellsTextFromBytes) {
  const auto type = [](std::string_view output) {
    return std::string(read_head(Kind::kCommand, {}, output)->response.fields.get("content-type"));
  };
  EXPECT_EQ(type("caf\xC3\xA9"), "text/plain; charset=utf-8");
  EXPECT_EQ(type(std::string(1023, 'a') + "\xC3\xA9"), "text/plain; charset=utf-8") << "a character across the look";
  EXPECT_EQ(type(std::string(1000, 'a') + std::string(100, '\xFF')), "application/octet-stream");
  EXPECT_EQ(type("\x89PNG\r\n"), "application/octet-stream");
}

TEST(CgiInputs, HaveTheVariablesOfWagi) {
  auto request = get("/hello/a%20b?x=1&y");
  request.fields.add("X-Thing", "1");
  request.fields.add("Proxy", "http://evil");
  request.fields.add("Authorization", "secret");
  request.fields.add("Content-Type", "text/x");
  request.body = "12345";
  const Inputs inputs = make_inputs(Kind::kCommand, {.cgi = true, .environment = {{"K", "v"}}}, {}, call_of(request));
  for (const auto* variable :
       {"K=v", "REQUEST_METHOD=GET", "SCRIPT_NAME=/hello", "PATH_INFO=/a b", "X_RAW_PATH_INFO=/a%20b",
        "QUERY_STRING=x=1&y", "CONTENT_LENGTH=5", "CONTENT_TYPE=text/x", "HTTP_X_THING=1", "X_MATCHED_ROUTE=/hello/...",
        "SERVER_PORT=8080", "X_FULL_URL=http://example.org:8080/hello/a%20b?x=1&y", "REMOTE_ADDR=127.0.0.1",
        "GATEWAY_INTERFACE=CGI/1.1"}) {
    EXPECT_TRUE(contains(inputs.environment, variable)) << variable;
  }
  EXPECT_FALSE(contains(inputs.environment, "HTTP_PROXY=http://evil"));
  EXPECT_FALSE(contains(inputs.environment, "HTTP_AUTHORIZATION=secret"));
  EXPECT_FALSE(contains(inputs.environment, "x=1")) << "query parameters are not variables here";
  EXPECT_EQ(inputs.arguments, (Strings{"/hello/a%20b", "x=1", "y"}));
}

TEST(CgiInputs, LetNoClientOverrideWhatIsConfigured) {
  auto request = get("/hello");
  request.fields.add("Role", "admin");
  request.fields.add("Accept", "a");
  request.fields.add("Accept", "b");
  const Settings settings{.cgi = true, .environment = {{"HTTP_ROLE", "user"}, {"REQUEST_METHOD", "x"}}};
  const Inputs inputs = make_inputs(Kind::kCommand, settings, {}, call_of(request));
  EXPECT_TRUE(contains(inputs.environment, "HTTP_ROLE=user"));
  EXPECT_TRUE(contains(inputs.environment, "HTTP_ACCEPT=a, b"));
  EXPECT_TRUE(contains(inputs.environment, "REQUEST_METHOD=GET")) << "the protocol's own variables are the request's";
}

TEST(CgiHead, ReadsStatusFieldsAndWhereTheBodyStarts) {
  const std::string_view output =
      "Content-Type: text/html\r\nStatus: 201 Made\nSet-Cookie: a\nset-cookie: b\n\nbody\n\n";
  const auto head = read_cgi_head(output);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->response.status, 201);
  EXPECT_EQ(head->response.reason, "Made");
  EXPECT_EQ(head->response.fields.count("Set-Cookie"), 2u);
  EXPECT_EQ(output.substr(head->consumed), "body\n\n");
}

TEST(CgiHead, RedirectsWithALocationUnlessAStatusIsGiven) {
  EXPECT_EQ(read_cgi_head("Location: /there\n\n")->response.status, 302);
  EXPECT_EQ(read_cgi_head("Status: 201\nLocation: /there\n\n")->response.status, 201);
}

TEST(CgiHead, RefusesWhatIsNotAHeaderBlock) {
  for (const auto* output : {"", "hello\n", "\nbody", "X-Other: 1\n\n", "Status: OK\n\n", "Status: 99\n\n",
                             "no colon\n\n", "bad name: 1\nContent-Type: a\n\n", "Content-Type: a"}) {
    const auto head = read_cgi_head(output);
    ASSERT_FALSE(head) << output;
    EXPECT_EQ(head.error().code, ErrorCode::kBadCgi);
  }
}

TEST(HandleResponse, KeepsReasonOrderAndCase) {
  HandleResponse given{.status = 200, .reason = "Ok", .body = "x"};
  given.fields.add("X-b", "1");
  given.fields.add("x-A", "2");
  const auto response = take_response(given);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->reason, "Ok");
  EXPECT_EQ(response->fields.begin()->name, "X-b");
}

TEST(HandleResponse, RefusesWhatWouldBreakTheFraming) {
  HandleResponse given{.status = 200, .reason = "Ok", .body = "x"};
  given.fields.add("X-a", "1\r\nX-evil: 2");
  EXPECT_EQ(take_response(given).error().code, ErrorCode::kBadResponse);
  EXPECT_EQ(take_response({.status = 1000, .reason = "", .body = "x"}).error().code, ErrorCode::kBadResponse);
  EXPECT_EQ(take_response({.status = 200, .reason = "a\nb", .body = "x"}).error().code, ErrorCode::kBadResponse);
  EXPECT_EQ(take_response({.status = 200}).error().code, ErrorCode::kNoResponse);
  EXPECT_EQ(take_response({.body = "x"}).error().code, ErrorCode::kNoResponse);
}

}  // namespace
}  // namespace mayfly::sandbox::abi
