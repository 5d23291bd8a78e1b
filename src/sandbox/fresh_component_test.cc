#include "sandbox/test_caller.h"
#include "sandbox/test_guests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace mayfly::sandbox {
namespace {

std::string file(const std::string& name) { return guest_file("components/" + name + ".wasm"); }

// A handler of wasi:http 0.2 whose status is a sum of its memory, its globals and the numbers of three new handles.
// Then it does what `body` says.
struct Text {
  std::string body;
  std::string start;      // of its module
  std::string component;  // more of the component
};

std::string handler(const Text& text) {
  const std::string gate = guest_text("components/http2-gate");
  const std::string types = gate.substr(0, gate.find("(import \"wasi:http/incoming-handler"));
  return types + fmt::format(R"(
    (core module $heap (memory (export "memory") 2) (data (i32.const 70000) "what it begins with"))
    (core instance $heap (instantiate $heap))
    (alias core export $heap "memory" (core memory $memory))
    (core func $fields (canon lower (func $types "[constructor]fields")))
    (core func $response (canon lower (func $types "[constructor]outgoing-response")))
    (core func $status (canon lower (func $types "[method]outgoing-response.set-status-code")))
    (core func $set (canon lower (func $types "[static]response-outparam.set") (memory $memory)))
    (core func $drop-fields (canon resource.drop $fields))
    (core func $drop-request (canon resource.drop $incoming-request))
    {}
    (core module $program
      (import "heap" "memory" (memory 1))
      (import "http" "fields" (func $fields (result i32)))
      (import "http" "response" (func $response (param i32) (result i32)))
      (import "http" "status" (func $status (param i32 i32) (result i32)))
      (import "http" "set" (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
      (import "http" "drop-fields" (func $drop-fields (param i32)))
      (import "http" "drop-request" (func $drop-request (param i32)))
      (global $small (mut i32) (i32.const 7))
      (global $large (mut i64) (i64.const 7000000000))
      {}
      (func (export "handle") (param $request i32) (param $out i32)
        (local $at i32) (local $sum i64) (local $a i32) (local $b i32) (local $c i32) (local $response i32)
        (local.set $sum (i64.add (i64.extend_i32_u (global.get $small)) (global.get $large)))
        (loop $more
          (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $more (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
        (local.set $a (call $fields)) (local.set $b (call $fields)) (local.set $c (call $fields))
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $a))))
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $b))))
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $c))))
        {}
        (call $drop-fields (local.get $b)) (call $drop-fields (local.get $a)) (call $drop-fields (local.get $c))
        (local.set $response (call $response (call $fields)))
        (drop (call $status (local.get $response)
          (i32.add (i32.const 200) (i32.wrap_i64 (i64.rem_u (local.get $sum) (i64.const 397))))))
        (call $set (local.get $out) (i32.const 0) (local.get $response)
          (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (call $drop-request (local.get $request))))
    (core instance $program (instantiate $program
      (with "heap" (instance $heap))
      (with "http" (instance
        (export "fields" (func $fields))
        (export "response" (func $response))
        (export "status" (func $status))
        (export "set" (func $set))
        (export "drop-fields" (func $drop-fields))
        (export "drop-request" (func $drop-request))))))
    (func $handle (param "request" (own $incoming-request)) (param "response-out" (own $response-outparam))
      (canon lift (core func $program "handle")))
    (instance $handler (export "handle" (func $handle)))
    (export "wasi:http/incoming-handler@0.2.0" (instance $handler))))",
                             text.component, text.start, text.body);
}

class Caller : public TestCaller {
 public:
  explicit Caller(const std::string& text) { use(text); }

  // Its status; 0 when it failed.
  int call() {
    status_ = 0;
    body_.clear();
    http::Request request;
    request.method = "GET";
    request.target = "/";
    request.fields.add("host", "example.org");
    Inputs inputs;
    inputs.request = &request;
    run(inputs, [&](FreshInstance& instance) {
      if (instance.outcome().error) status_ = 0;
    });
    return status_;
  }
  // The different ones of many calls.
  std::set<int> call_often() {
    std::set<int> statuses;
    for (std::uint32_t i = 0; i < 3 * kCallsBeforeRewinding; ++i) statuses.insert(call());
    return statuses;
  }

  const std::string& body() const { return body_; }  // of the last answer

 private:
  Status respond(http::Response response) override {
    status_ = response.status;
    return {};
  }
  Status send(std::string_view bytes) override {
    body_ += bytes;
    return {};
  }

  int status_ = 0;
  std::string body_;
};

// That each call finds what the first one found, and how many instances wait for another in the end.
void expect_fresh(const Text& text, std::size_t idle) {
  Caller caller(handler(text));
  const std::set<int> statuses = caller.call_often();
  EXPECT_EQ(statuses.size(), 1u);
  EXPECT_GE(*statuses.begin(), 200);
  EXPECT_EQ(caller.idle(), idle);
}

constexpr const char* kScribble = R"(
  (global.set $small (i32.const 8)) (global.set $large (i64.const 9))
  (i64.store (i32.const 0) (i64.const -1)) (i64.store (i32.const 70002) (i64.const -1))
  (memory.fill (i32.const 100000) (i32.const 0xee) (i32.const 20000)))";

TEST(FreshComponent, IsPutBack) { expect_fresh({.body = kScribble}, 1); }

TEST(FreshComponent, HasItsHandlesInOrder) {
  expect_fresh({.body = "(call $drop-fields (local.get $b)) (local.set $b (call $fields))"}, 1);
  // More than any request before, and given up in another order than they were made.
  Caller caller(handler({.body = R"(
    (global.set $small (i32.const 8))
    (call $drop-fields (local.get $a))
    (call $drop-fields (local.get $c))
    (local.set $c (call $fields))
    (local.set $a (call $fields)))"}));
  EXPECT_EQ(caller.call_often().size(), 1u);
  EXPECT_EQ(caller.idle(), 1u);
}

TEST(FreshComponent, IsNotPutBackWhenAHandleIsLeft) { expect_fresh({.body = "(drop (call $fields))"}, 0); }

TEST(FreshComponent, IsNotPutBackAfterVeryManyHandles) {
  expect_fresh({.body = R"(
    (local.set $at (i32.const 0))
    (loop $more
      (i32.store (i32.mul (local.get $at) (i32.const 4)) (call $fields))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 300))))
    (loop $more
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (call $drop-fields (i32.load (i32.mul (local.get $at) (i32.const 4))))
      (br_if $more (local.get $at))))"},
               0);
}

TEST(FreshComponent, IsNotPutBackWhenTheMemoryOfAnotherModuleHasGrown) {
  expect_fresh({.body = "(drop (memory.grow (i32.const 1)))"}, 0);
}

TEST(FreshComponent, IsNotPutBackWhenItTraps) {
  Caller caller(handler({.body = "unreachable"}));
  EXPECT_EQ(caller.call_often(), std::set<int>{0});
  EXPECT_EQ(caller.idle(), 0u);
}

TEST(FreshComponent, HasRunItsStartFunctions) {
  expect_fresh({.body = kScribble,
                .start = "(func $start (global.set $small (i32.const 70)) (i32.store (i32.const 64) (i32.const 5))) "
                         "(start $start)"},
               1);
}

// Of tool chains: some whose memory grows with each request, and one that has no need to. Those of 0.3 are plain ones.
TEST(FreshComponent, MayBeInRustOrC) {
  for (const auto& [name, body] : {std::pair("http2-count", "1\n"),
                                   {"http-hello-c", "Hello World!\n"},
                                   {"http3-hello", "Hello, World!\n"},
                                   {"http3-count", "1 of 1\n"}}) {
    Caller caller(file(name));
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(caller.call(), 200);
      ASSERT_EQ(caller.body(), body);
    }
    EXPECT_EQ(caller.idle(), 1u) << name;
  }
}

// What is damaged is refused, or is not: nothing of what is added to it, or rewritten, breaks.
void load_damaged(const std::string& whole, std::size_t begin, std::size_t end, std::size_t step) {
  for (std::size_t at = begin; at < end; at += step) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    const auto program = load(damaged);
    if (!program) {
      EXPECT_EQ(program.error().message.find("panicked"), std::string::npos) << at << program.error().message;
    }
  }
}

TEST(FreshComponent, MayBeDamaged) {
  const std::string whole = file("http-hello-c");
  load_damaged(whole, 8, whole.size(), 97);
}

// All but its modules, which are in the middle.
TEST(FreshComponent, MayBeDamagedWhenItIsOf03) {
  const std::string whole = file("http3-hello");
  load_damaged(whole, 8, 3000, 23);
  load_damaged(whole, whole.size() - 6000, whole.size(), 31);
}

TEST(FreshComponent, Of03IsPutBackWhenItIsPlain) {
  for (const char* name : {"http3-hello", "http3-echo", "http3-sse", "http3-count", "http3-streams"}) {
    EXPECT_TRUE(load(file(name)).value()->may_rewind()) << name;
  }
  for (const char* name : {"http3-fetch", "http3-streams-client"}) {
    EXPECT_FALSE(load(file(name)).value()->may_rewind()) << name;
  }
}

// What the host has said would be known to all requests.
TEST(FreshComponent, IsNotPutBackWhenItCallsTheHostAsItStarts) {
  expect_fresh({.body = kScribble, .start = "(func $start (call $drop-fields (call $fields))) (start $start)"}, 0);
}

TEST(FreshComponent, KnowsWhatItCannotPutBack) {
  const auto may_rewind = [](const Text& text) { return load(handler(text)).value()->may_rewind(); };
  EXPECT_TRUE(may_rewind({}));
  EXPECT_TRUE(may_rewind({.start = "(table 1 funcref)"}));
  EXPECT_TRUE(may_rewind({.component = "(component $empty) (instance (instantiate $empty))"}));
  EXPECT_FALSE(may_rewind({.start = "(table $t 1 funcref) (func (table.set $t (i32.const 0) (ref.null func)))"}));
  EXPECT_FALSE(may_rewind({.component = "(type $own (resource (rep i32)))"}));
  EXPECT_FALSE(
      may_rewind({.component = "(core module $m (memory (export \"m\") 1)) (core instance (instantiate $m))"}));
  EXPECT_FALSE(may_rewind({.component = "(core module $m (memory 1)) (core instance (instantiate $m))"}));
  EXPECT_FALSE(may_rewind({.component = R"((component $inner
    (core module $m (global (export "g") (mut i32) (i32.const 0)))
    (core instance (instantiate $m))) (instance (instantiate $inner)))"}));
  EXPECT_FALSE(may_rewind({.component = R"((component $inner) (instance $i (instantiate $inner))
    (export "mayfly-rewind" (instance $i)))"}));
}

}  // namespace
}  // namespace mayfly::sandbox
