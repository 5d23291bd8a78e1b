#include "egress/http_client.h"

#include "egress/limits.h"
#include "egress/redirect.h"

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>

namespace mayfly::egress {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// Answers each request on a connection, without body, by a text that the test gives; "" is silence.
class Backend {
 public:
  explicit Backend(net::Loop& loop, const char* address = "127.0.0.1", std::uint16_t port = 0)
      : acceptor_(loop.io(), {asio::ip::make_address(address), port}) {
    accept();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::string url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port()) + path;
  }

  std::function<std::string(const std::string& head)> answer = [](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  };
  std::vector<std::string> heads;  // of the requests
  int accepted = 0;

 private:
  struct Connection {
    explicit Connection(tcp::socket taken) : socket(std::move(taken)) {}
    tcp::socket socket;
    std::string read;
  };

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error) return;
      ++accepted;
      serve(std::make_shared<Connection>(std::move(socket)));
      accept();
    });
  }
  void serve(const std::shared_ptr<Connection>& connection) {
    asio::async_read_until(connection->socket, asio::dynamic_buffer(connection->read), "\r\n\r\n",
                           [this, connection](const error_code& error, std::size_t length) {
                             if (error) return;
                             heads.push_back(connection->read.substr(0, length));
                             connection->read.erase(0, length);
                             reply(connection, answer(heads.back()));
                           });
  }
  void reply(const std::shared_ptr<Connection>& connection, const std::string& text) {
    if (text.empty()) {
      silent_.push_back(connection);
      return;
    }
    const auto kept = std::make_shared<std::string>(text);
    asio::async_write(connection->socket, asio::buffer(*kept),
                      [this, connection, kept](const error_code& error, std::size_t) {
                        if (!error) serve(connection);
                      });
  }

  tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Connection>> silent_;
};

class Http : public testing::Test {
 protected:
  Reached<HttpResponse> get(const std::string& url) { return send({"GET", url, {}, {}}); }
  Reached<HttpResponse> send(HttpRequest request) {
    std::optional<Reached<HttpResponse>> answer;
    const auto call = client.send(rules, std::move(request), limits, usage, [&](auto response) { answer = response; });
    while (!answer && loop.io().run_one() > 0) loop.io().restart();
    return *answer;
  }
  static Failure::Why why(const Reached<HttpResponse>& response) {
    EXPECT_FALSE(response);
    return response.error().why;
  }

  net::Loop loop;
  std::string found = "127.0.0.1";  // what every name leads to
  Resolver resolver{
      {.threads = 1,
       .lookup = [this](const std::string&) { return std::vector<Address>{asio::ip::make_address(found)}; },
       .now = [this] { return time += std::chrono::minutes(1); }}};
  Resolver::Clock::time_point time;  // nothing is remembered
  Finder finder{loop, resolver};
  HttpClient client{finder, ""};
  Backend backend{loop};
  Rules rules = Rules::everything();
  HttpLimits limits{.response_bytes = 1000, .time = std::chrono::seconds(5)};
  metrics::Egress usage;
};

TEST_F(Http, AsksAndIsAnswered) {
  backend.answer = [](const std::string&) {
    return "HTTP/1.1 100 Continue\r\nX-a: no\r\n\r\nHTTP/1.1 207 Odd\r\nX-A: 1\r\nx-a:  2 \r\nBad name: 3\r\n"
           "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-a: trailer\r\n\r\n";
  };
  HttpRequest request{"PUT", backend.url("/a%20b?c"), {}, "body"};
  request.fields.add("X-Mine", "yes");
  request.fields.add("X-Empty", "");
  const auto response = send(std::move(request));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 207);
  EXPECT_EQ(response->body, "hi");
  EXPECT_EQ(response->fields.count("x-a"), 2u);
  EXPECT_EQ(response->fields.get("X-a"), "1");
  EXPECT_EQ(response->fields.find("Bad name"), nullptr);
  const std::string& head = backend.heads.front();
  EXPECT_TRUE(head.starts_with("PUT /a%20b?c HTTP/1.1\r\nHost: 127.0.0.1:")) << head;
  for (const auto* line : {"\r\nX-Mine: yes\r\n", "\r\nX-Empty:\r\n", "\r\nContent-Length: 4\r\n"}) {
    EXPECT_NE(head.find(line), std::string::npos) << line << " in " << head;
  }
  EXPECT_EQ(head.find("Content-Type"), std::string::npos);
  EXPECT_EQ(usage.requests, 1u);
  EXPECT_EQ(usage.connections, 1u);
  EXPECT_GT(usage.bytes_out, head.size());
  EXPECT_GT(usage.bytes_in, 50u);
}

TEST_F(Http, WaitsForTheFirstByteAndBetweenBytesAsLongAsItIsTold) {
  limits.first_byte = std::chrono::milliseconds(30);
  EXPECT_TRUE(get(backend.url("/")));
  backend.answer = [](const std::string&) { return ""; };
  EXPECT_EQ(why(get(backend.url("/"))), Failure::Why::kTimeout);
  backend.answer = [](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"; };
  limits.between_bytes = std::chrono::milliseconds(30);
  const auto late = get(backend.url("/"));
  EXPECT_EQ(why(late), Failure::Why::kTimeout);
  EXPECT_NE(late.error().message.find("did not go on within the 30 ms"), std::string::npos) << late.error().message;
}

TEST_F(Http, KeepsFramingToItself) {
  HttpRequest request{"POST", backend.url("/"), {}, "GET /smuggled HTTP/1.1\r\n\r\n"};
  for (const auto& [name, value] : {std::pair{"Content-Length", "0"},
                                    {"transfer-encoding", "chunked"},
                                    {"Host", "other.example"},
                                    {"Connection", "close"},
                                    {"Expect", "100-continue"}}) {
    request.fields.add(name, value);
  }
  ASSERT_TRUE(send(request));
  const std::string& head = backend.heads.front();
  EXPECT_NE(head.find("Content-Length: 26\r\n"), std::string::npos) << head;
  for (const auto* text : {"chunked", "other.example", "close", "Expect"}) {
    EXPECT_EQ(head.find(text), std::string::npos) << head;
  }
  request.fields = {};
  request.fields.add("X", "a\r\nX-Injected: 1");
  EXPECT_EQ(why(send(request)), Failure::Why::kBadFields);
  EXPECT_EQ(why(send({"GET X", backend.url("/"), {}, {}})), Failure::Why::kBadMethod);
  EXPECT_EQ(why(send({"CONNECT", backend.url("/"), {}, {}})), Failure::Why::kBadMethod);
}

TEST_F(Http, RefusesUrlsThatItDoesNotKnow) {
  for (const std::string url : {"", "x", "/path", "ftp://a/", "file:///etc/passwd", "http://", "http://a:99999/",
                                "http://a b/", "http://a/\n", "http://[fe80::1%25lo]/", "http://caf\xC3\xA9/"}) {
    EXPECT_EQ(why(get(url)), Failure::Why::kBadUrl) << url;
  }
}

TEST_F(Http, ReadsNumbersAsTheAddressTheyAre) {
  rules = {};
  ASSERT_TRUE(rules.allow("http=*"));
  for (const auto* host : {"127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]", "[::]", "0"}) {
    EXPECT_EQ(why(get(backend.url("/", host))), Failure::Why::kNotAllowed) << host;
  }
  EXPECT_EQ(backend.accepted, 0);
}

TEST_F(Http, ConnectsToTheAddressThatWasChecked) {
  rules = {};
  ASSERT_TRUE(rules.allow("http=" + backend.url("")));
  ASSERT_TRUE(rules.allow("http=" + backend.url("", "name.example")));
  EXPECT_TRUE(get(backend.url("/", "name.example")));
  found = "10.0.0.1";
  EXPECT_EQ(why(get(backend.url("/", "name.example"))), Failure::Why::kNotAllowed) << "although a connection is kept";
  EXPECT_EQ(usage.refused, 1u);
}

TEST_F(Http, KeepsConnectionsByTheAddressTheyLeadTo) {
  Backend other(loop, "127.0.0.2", backend.port());
  other.answer = [](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"; };
  EXPECT_EQ(get(backend.url("/", "name.example"))->body, "hi");
  EXPECT_EQ(get(backend.url("/", "name.example"))->body, "hi");
  EXPECT_EQ(backend.accepted, 1) << "kept";
  found = "127.0.0.2";
  EXPECT_EQ(get(backend.url("/", "name.example"))->body, "other");
  EXPECT_EQ(usage.connections, 2u);
}

TEST_F(Http, BoundsWhatIsAnswered) {
  backend.answer = [](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  };
  EXPECT_EQ(get(backend.url("/"))->body.size(), 1000u);
  limits.response_bytes = 999;
  EXPECT_EQ(why(get(backend.url("/"))), Failure::Why::kTooLarge);
  backend.answer = [](const std::string&) {
    return "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\nContent-Length: 0\r\n\r\n";
  };
  EXPECT_EQ(why(get(backend.url("/"))), Failure::Why::kTooLarge);
}

TEST_F(Http, SaysHowItFailed) {
  limits.time = std::chrono::milliseconds(50);
  backend.answer = [](const std::string&) { return ""; };
  EXPECT_EQ(why(get(backend.url("/"))), Failure::Why::kTimeout);
  backend.answer = [](const std::string&) { return "SSH-2.0-OpenSSH_9\r\n\r\n"; };
  EXPECT_EQ(why(get(backend.url("/"))), Failure::Why::kBroken);
  limits.time = std::chrono::seconds(5);
  EXPECT_EQ(why(get("http://127.0.0.1:1/")), Failure::Why::kUnreachable);
}

TEST_F(Http, TriesTheNextAddress) {
  EXPECT_EQ(get(backend.url("/", "localhost"))->body, "hi");
  Backend v6(loop, "::1");
  EXPECT_EQ(get(v6.url("/", "localhost"))->body, "hi") << "127.0.0.1 refused";
}

TEST_F(Http, IsCancelledWithItsCall) {
  bool answered = false;
  backend.answer = [](const std::string&) { return ""; };
  auto call =
      client.send(rules, {"GET", backend.url("/"), {}, {}}, limits, usage, [&](const auto&) { answered = true; });
  while (backend.heads.empty()) loop.io().run_one();
  call.reset();
  EXPECT_EQ(usage.connections, 1u);
  call = client.send(rules, {"GET", backend.url("/"), {}, {}}, limits, usage, [&](const auto&) { answered = true; });
  call.reset();
  EXPECT_TRUE(get("http://127.0.0.1:1/").error().why == Failure::Why::kUnreachable);
  EXPECT_FALSE(answered);
}

TEST_F(Http, RunsManyAtOnce) {
  int answered = 0;
  std::vector<std::unique_ptr<HttpCall>> calls(200);
  for (auto& call : calls) {
    call = client.send(rules, {"GET", backend.url("/"), {}, {}}, limits, usage, [&](const auto& response) {
      answered += response && response->body == "hi";
      call.reset();
    });
  }
  while (answered < 200) loop.io().run_one();
  EXPECT_EQ(usage.requests, 200u);
}

TEST_F(Http, FollowsRedirectsWhenAskedTo) {
  backend.answer = [&](const std::string& head) -> std::string {
    if (head.find(" /end ") != std::string::npos) return "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";
    const std::string to = head.find(" /in ") != std::string::npos  ? "http://169.254.169.254/secret"
                           : head.find(" /a ") != std::string::npos ? "end"
                                                                    : "/for-ever";
    return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to + "\r\n\r\n";
  };
  EXPECT_EQ(get(backend.url("/a"))->status, 302);
  limits.redirects = 3;
  EXPECT_EQ(get(backend.url("/a"))->body, "end");
  EXPECT_EQ(why(get(backend.url("/for-ever"))), Failure::Why::kBroken);
  rules = {};
  ASSERT_TRUE(rules.allow("http=*"));
  ASSERT_TRUE(rules.allow("http=" + backend.url("")));
  EXPECT_EQ(why(get(backend.url("/in"))), Failure::Why::kNotAllowed) << "each is checked";
}

// An exchange, as a guest uses it.
struct Streamed {
  std::optional<Reached<HttpResponse>> head;
  std::unique_ptr<HttpExchange> exchange;
  int moved = 0;
};

class HttpStream : public Http {
 protected:
  std::unique_ptr<Streamed> open(HttpRequest request) {
    auto made = std::make_unique<Streamed>();
    made->exchange = client.open(
        rules, std::move(request), limits, usage, [made = made.get()](auto head) { made->head = std::move(head); },
        [made = made.get()] { ++made->moved; });
    return made;
  }
  void until(const std::function<bool()>& condition) {
    while (!condition() && loop.io().run_one() > 0) loop.io().restart();
  }
  // All of the response's body, and how it ended.
  std::pair<std::string, Reached<HttpPart>> read(Streamed& streamed) {
    std::string body;
    while (true) {
      const int moved = streamed.moved;
      auto part = streamed.exchange->read();
      if (!part || part->is_last) return {body, part};
      body += part->bytes;
      if (part->bytes.empty()) until([&] { return streamed.moved != moved; });
    }
  }
  static std::string chunked(const std::string& chunks) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
  }
};

TEST_F(HttpStream, AnswersHeadBodyAndTrailers) {
  backend.answer = [](const std::string&) {
    return "HTTP/1.1 103 Early\r\nX: no\r\n\r\n" + chunked("2\r\nhi\r\n0\r\nX-Sum: 1\r\nHTTP/1.1 x: 2\r\n\r\n");
  };
  const auto asked = open({"GET", backend.url("/"), {}, {}});
  until([&] { return asked->head.has_value(); });
  ASSERT_TRUE(*asked->head);
  EXPECT_EQ((*asked->head)->status, 200);
  EXPECT_EQ((*asked->head)->fields.find("X"), nullptr);
  const auto [body, end] = read(*asked);
  EXPECT_EQ(body, "hi");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->trailers.get("x-sum"), "1");
  EXPECT_TRUE(asked->exchange->is_over());
  EXPECT_GT(usage.bytes_in, 50u);
}

TEST_F(HttpStream, HoldsABoundedPartOfWhatIsNotRead) {
  const std::string large(10 << 20, 'x');
  backend.answer = [&](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n" + large;
  };
  limits.between_bytes = std::chrono::milliseconds(20);
  const auto asked = open({"GET", backend.url("/"), {}, {}});
  until([&] { return asked->exchange->held() + (16 << 10) > kDownloadBytes; });
  loop.io().run_for(std::chrono::milliseconds(60));
  loop.io().restart();
  EXPECT_LE(asked->exchange->held(), kDownloadBytes);
  EXPECT_FALSE(asked->exchange->is_over()) << "who does not read is not kept waiting";
  const auto [body, end] = read(*asked);
  EXPECT_TRUE(end);
  EXPECT_TRUE(body == large);
}

TEST_F(HttpStream, SaysThatItBrokeOffBehindWhatHadCome) {
  limits.between_bytes = std::chrono::milliseconds(20);
  backend.answer = [](const std::string&) { return chunked("2\r\nhi\r\n"); };
  const auto late = open({"GET", backend.url("/"), {}, {}});
  const auto [body, end] = (until([&] { return late->head.has_value(); }), read(*late));
  EXPECT_EQ(body, "hi");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().why, Failure::Why::kTimeout);

  backend.answer = [](const std::string&) { return chunked("2\r\nhi\r\nno chunk\r\n"); };
  const auto broken = open({"GET", backend.url("/"), {}, {}});
  const auto [before, how] = (until([&] { return broken->head.has_value(); }), read(*broken));
  EXPECT_EQ(before, "hi");
  ASSERT_FALSE(how);
  EXPECT_EQ(how.error().why, Failure::Why::kBroken);
}

TEST_F(HttpStream, SendsWhatIsWritten) {
  HttpRequest request{"POST", backend.url("/"), {}, "begin", true};
  request.fields.add("Content-Length", "3");
  request.fields.add("TE", "trailers");
  const auto asked = open(request);
  until([&] { return !backend.heads.empty(); });
  EXPECT_NE(backend.heads[0].find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << backend.heads[0];
  EXPECT_NE(backend.heads[0].find("\r\nTE: trailers\r\nConnection: TE\r\n"), std::string::npos) << backend.heads[0];
  EXPECT_EQ(backend.heads[0].find("Content-Length"), std::string::npos);
  EXPECT_EQ(asked->exchange->write("more"), 4u);
  http::Fields trailers;
  trailers.add("X-Sum", "1");
  trailers.add("Host", "other");
  trailers.add("Bad name", "1");
  asked->exchange->end(std::move(trailers));
  // What the backend takes for the head of another request is the rest of this one.
  until([&] { return backend.heads.size() == 2; });
  EXPECT_EQ(backend.heads[1], "5\r\nbegin\r\n4\r\nmore\r\n0\r\nX-Sum: 1\r\n\r\n");
}

TEST_F(HttpStream, BreaksOffWhatHasAnotherLength) {
  backend.answer = [](const std::string&) { return ""; };
  for (const bool is_longer : {true, false}) {
    HttpRequest request{"POST", backend.url("/"), {}, "ab", true, 3};
    const auto asked = open(request);
    until([&] { return backend.heads.size() == (is_longer ? 1 : 2); });
    EXPECT_NE(backend.heads.back().find("\r\nContent-Length: 3\r\n"), std::string::npos);
    if (is_longer) asked->exchange->write("cd");
    else asked->exchange->end({});
    until([&] { return asked->head.has_value(); });
    EXPECT_EQ(why(*asked->head), Failure::Why::kBroken);
    EXPECT_EQ(asked->exchange->write("e"), std::nullopt);
  }
}

TEST_F(HttpStream, FollowsNoRedirect) {
  limits.redirects = 3;
  backend.answer = [](const std::string&) {
    return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /other\r\n\r\n";
  };
  const auto asked = open({"GET", backend.url("/"), {}, {}});
  until([&] { return asked->head.has_value(); });
  EXPECT_EQ((*asked->head)->status, 302);
}

TEST_F(HttpStream, EndsWithItsExchange) {
  backend.answer = [](const std::string&) { return chunked("2\r\nhi\r\n"); };
  const auto asked = open({"GET", backend.url("/"), {}, {}});
  until([&] { return asked->head.has_value(); });
  asked->exchange->read();
  asked->exchange.reset();
  EXPECT_EQ(usage.connections, 1u);
  EXPECT_EQ(get("http://127.0.0.1:1/").error().why, Failure::Why::kUnreachable);
  EXPECT_EQ(asked->moved, 0);
}

TEST(Redirect, ChangesTheRequestAsBrowsersDo) {
  HttpRequest request{"POST", "https://a.example/x/y?q", {}, "body"};
  request.fields.add("Authorization", "secret");
  request.fields.add("Content-Type", "text/plain");
  request.fields.add("X-Other", "kept");
  const auto url = Url::parse(request.url);
  const auto follow = [&](int status, const char* location) {
    HttpResponse response{status, {}, ""};
    if (location != nullptr) response.fields.add("location", location);
    return redirected(request, *url, response);
  };
  const auto get = follow(303, "../z");
  EXPECT_EQ(get->url, "https://a.example/z");
  EXPECT_EQ(get->method, "GET");
  EXPECT_EQ(get->body, "");
  EXPECT_EQ(get->fields.find("Content-Type"), nullptr);
  EXPECT_EQ(get->fields.get("Authorization"), "secret");

  const auto same = follow(307, "//b.example/");
  EXPECT_EQ(same->url, "https://b.example/");
  EXPECT_EQ(same->method, "POST");
  EXPECT_EQ(same->body, "body");
  EXPECT_EQ(same->fields.find("Authorization"), nullptr) << "another origin";
  EXPECT_EQ(same->fields.get("X-Other"), "kept");

  EXPECT_FALSE(follow(302, nullptr));
  EXPECT_FALSE(follow(304, "/z"));
  EXPECT_FALSE(follow(200, "/z"));
  EXPECT_FALSE(follow(302, "ftp://a.example/"));
}

}  // namespace
}  // namespace mayfly::egress
