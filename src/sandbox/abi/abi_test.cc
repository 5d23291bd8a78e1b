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
  return {request, "hello", "/hello/...", "/hello", "127.0.0.1", "example.org", "8080", request.body.size()};
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

TEST(CgiInputs, TellWhatIsBehindTheRoute) {
  const auto told = [](std::string_view route, std::string_view script_name, std::string target) {
    const auto request = get(std::move(target));
    const Call call{request, "f", route, script_name, "127.0.0.1", "example.org", "8080"};
    Strings environment = cgi_environment({.cgi = true}, call);
    std::erase_if(environment, [](const std::string& variable) {
      return !variable.starts_with("PATH_INFO=") && !variable.starts_with("SCRIPT_NAME=") &&
             !variable.starts_with("X_RAW_PATH_INFO=");
    });
    return environment;
  };
  EXPECT_EQ(told("/...", "/", "/"), (Strings{"PATH_INFO=/", "SCRIPT_NAME=/", "X_RAW_PATH_INFO=/"}));
  EXPECT_EQ(told("/...", "/", "/a%3bb"), (Strings{"PATH_INFO=/a;b", "SCRIPT_NAME=/", "X_RAW_PATH_INFO=/a%3bb"}));
  EXPECT_EQ(told("/", "/", "/"), (Strings{"PATH_INFO=", "SCRIPT_NAME=/", "X_RAW_PATH_INFO="}));
  EXPECT_EQ(told("/a/...", "/a", "/a"), (Strings{"PATH_INFO=", "SCRIPT_NAME=/a", "X_RAW_PATH_INFO="}));
  EXPECT_EQ(told("/a/...", "/a", "/a/"), (Strings{"PATH_INFO=/", "SCRIPT_NAME=/a", "X_RAW_PATH_INFO=/"}));
  EXPECT_EQ(told("/a/b", "/a/b", "/a/b"), (Strings{"PATH_INFO=", "SCRIPT_NAME=/a/b", "X_RAW_PATH_INFO="}));
}

TEST(CgiInputs, LetNoClientOverrideWhatIsConfigured) {
  auto request = get("/hello");
  request.fields.add("Role", "admin");
  request.fields.add("Accept", "a");
  request.fields.add("Accept", "b");
  request.fields.add("Cookie", "c=1");
  request.fields.add("Cookie", "d=2");
  const Settings settings{.cgi = true, .environment = {{"HTTP_ROLE", "user"}, {"REQUEST_METHOD", "x"}}};
  const Inputs inputs = make_inputs(Kind::kCommand, settings, {}, call_of(request));
  EXPECT_TRUE(contains(inputs.environment, "HTTP_ROLE=user"));
  EXPECT_TRUE(contains(inputs.environment, "HTTP_ACCEPT=a, b"));
  EXPECT_TRUE(contains(inputs.environment, "HTTP_COOKIE=c=1; d=2"));
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

TEST(CgiHead, TakesTheLaterOfStatusAndLocation) {
  EXPECT_EQ(read_cgi_head("Location: /there\n\n")->response.status, 302);
  EXPECT_EQ(read_cgi_head("Location: /there\nStatus: 201\n\n")->response.status, 201);
  const auto moved = read_cgi_head("Status: 201 Made\nLocation: /there\n\n");
  EXPECT_EQ(moved->response.status, 302);
  EXPECT_EQ(moved->response.reason, "");
}

TEST(CgiHead, TakesTheLastOfWhatThereMayBeOneOf) {
  const auto head = read_cgi_head("Content-Type: a/b\nLink: 1\ncontent-type: c/d\nLink: 2\n\n");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->response.fields.count("Content-Type"), 1u);
  EXPECT_EQ(head->response.fields.get("Content-Type"), "c/d");
  EXPECT_EQ(head->response.fields.count("Link"), 2u);
}

TEST(CgiHead, EndsAtTheFirstEmptyLineWhateverTheLineEnds) {
  for (const std::string_view output : {"Content-Type: a\n\nx\n\ny", "Content-Type: a\r\n\r\nx\n\ny",
                                        "\nContent-Type: a\n\nx\n\ny", "\r\nContent-\rType: a\r\n\nx\n\ny"}) {
    const auto head = read_cgi_head(output);
    ASSERT_TRUE(head) << output;
    EXPECT_EQ(head->response.fields.get("content-type"), "a");
    EXPECT_EQ(output.substr(head->consumed), "x\n\ny");
  }
}

TEST(CgiHead, IgnoresLinesThatAreNoHeaders) {
  const auto head = read_cgi_head("no colon\nbad name: 1\n: 2\nContent-Type: a\n\n");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->response.fields.size(), 1u);
  EXPECT_EQ(head->ignored, "no colon");
}

TEST(CgiHead, SaysWhatIsMissing) {
  for (const auto* output : {"", "hello\n", "\n\nbody", "X-Other: 1\n\n", "hello\n\nContent-Type: a\n\n",
                             "Content-Type: a", "Content-Type: a\nbody"}) {
    const auto head = read_cgi_head(output);
    ASSERT_FALSE(head) << output;
    EXPECT_EQ(head.error().code, ErrorCode::kNoCgiHeaders);
  }
}

TEST(CgiHead, RefusesAStatusOrAValueThatHttpCannotCarry) {
  for (const auto* output :
       {"Status: OK\n\n", "Status: 99\n\n", "Status: 600\n\n", "Status:\n\n", "Content-Type: a\nX: a\x01z\n\n"}) {
    const auto head = read_cgi_head(output);
    ASSERT_FALSE(head) << output;
    EXPECT_EQ(head.error().code, ErrorCode::kBadCgi);
  }
}

TEST(Arguments, AreWhatTheTemplateStandsFor) {
  const auto expand = [](std::string_view pattern, std::string target) {
    return expand_arguments(pattern, get(std::move(target)));
  };
  EXPECT_EQ(expand("ruby index.rb ${SCRIPT_NAME} ${ARGS}", "/a/b?x=1&y=2"),
            (Strings{"ruby", "index.rb", "/a/b", "x=1", "y=2"}));
  EXPECT_EQ(expand("--path=${SCRIPT_NAME}\t${ARGS}${ARGS}", "/a?x&&y"), (Strings{"--path=/a", "x", "yx", "y"}));
  EXPECT_EQ(expand("${ARGS} ${NAME}", "/a"), Strings{"${NAME}"});
  EXPECT_EQ(expand("${SCRIPT_NAME}", "/${ARGS}?x"), Strings{"/${ARGS}"}) << "a client's text is not expanded";
  EXPECT_EQ(expand("", "/a?x"), Strings{});
}

TEST(Arguments, MayBeATemplateForAnyCommand) {
  const auto request = get("/hello?a=1");
  const Inputs inputs = make_inputs(Kind::kCommand, {.argv = "x ${ARGS}"}, {}, call_of(request));
  EXPECT_EQ(inputs.arguments, (Strings{"x", "a=1"}));
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
