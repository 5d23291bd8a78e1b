#include "compat/exec_call.h"

#include "compat/canonical_json.h"
#include "compat/limits.h"
#include "server/function_call.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace mayfly::compat {
namespace {

using deploy::ObjectFunctions;
using server::Exchange;
using server::LoopContext;

// canonical_json() of a text: of a short one at once, of a long one on a worker, so that no loop waits for it.
template <typename Done>
void make_canonical(ObjectFunctions& functions, net::Loop& loop, std::string text, Done done) {
  if (text.size() <= kJsonOnLoop) return done(canonical_json(text));
  functions.on_worker(loop, [text = std::move(text)] { return canonical_json(text); }, std::move(done));
}

// Takes the response of an `exec` function, which always comes whole, and sends its JSON as the seed did.
class ExecAnswer final : public invoke::ResponseSink {
 public:
  ExecAnswer(Exchange& exchange, ObjectFunctions& functions) : exchange_(exchange), functions_(functions) {}

  // ResponseSink
  void respond(http::Response response) override {
    if (response.status != 200) return exchange_.respond(std::move(response));  // a problem document
    std::string body = std::exchange(response.body, {});
    make_canonical(
        functions_, exchange_.loop(), std::move(body),
        [weak = exchange_.weak_from_this(), response = std::move(response)](Result<std::string> made) mutable {
          const auto self = weak.lock();
          if (!self) return;
          if (!made) return self->fail({ErrorCode::kNoJson, std::move(made.error().message)});
          response.body = std::move(*made);
          self->respond(std::move(response));
        });
  }
  void start(http::Response head, std::optional<std::uint64_t> length) override {
    exchange_.start(std::move(head), length);
  }
  void write(std::string_view bytes) override { exchange_.write(bytes); }
  void finish(const http::Fields& trailers) override { exchange_.finish(trailers); }
  void abort(http::Response problem) override { exchange_.abort(std::move(problem)); }
  void account(const metrics::Receipt& receipt) override { exchange_.account(receipt); }
  bool writable() const override { return exchange_.writable(); }
  void on_writable(std::function<void()> resume) override { exchange_.on_writable(std::move(resume)); }
  void watch_client() override { exchange_.watch_client(); }

 private:
  Exchange& exchange_;
  ObjectFunctions& functions_;
};

Status check_kind(const registry::Version& version) {
  const sandbox::Kind kind = version.facts().entry.kind;
  if (kind == sandbox::Kind::kExec) return {};
  return fail(
      ErrorCode::kNoEntryPoint,
      fmt::format("/exec calls components that export `exec: func(input: string) -> string`, and the file `{}` is "
                  "a function of the kind `{}`",
                  version.function(), sandbox::name_of(kind)));
}

// On the loop, once everything is there.
void call(LoopContext& context, Exchange& exchange, ObjectFunctions& functions,
          const Result<registry::VersionPtr>& version, std::string input) {
  if (!version) return exchange.fail(version.error());
  if (auto kind = check_kind(**version); !kind) return exchange.fail(kind.error());
  const std::size_t most = (*version)->settings().limits.request_bytes;
  if (input.size() > most) {
    return exchange.fail({ErrorCode::kBodyTooLarge, fmt::format("the JSON has more than {} bytes", most)});
  }
  const std::string path(exchange.request().path());
  server::call_function(context, exchange, {*version, path, path}, std::move(input),
                        std::make_unique<ExecAnswer>(exchange, functions));
}

}  // namespace

void call_exec(LoopContext& context, Exchange& exchange, ObjectFunctions& functions, std::string bucket,
               std::string key) {
  make_canonical(functions, exchange.loop(), exchange.take_body(),
                 [&context, &functions, weak = exchange.weak_from_this(), bucket = std::move(bucket),
                  key = std::move(key)](Result<std::string> input) {
                   const auto self = weak.lock();
                   if (!self) return;
                   if (!input) return self->fail(input.error());
                   functions.find(bucket, key, self->loop(),
                                  [&context, &functions, weak, input = std::move(*input)](const auto& version) {
                                    if (const auto there = weak.lock())
                                      call(context, *there, functions, version, input);
                                  });
                 });
}

}  // namespace mayfly::compat
