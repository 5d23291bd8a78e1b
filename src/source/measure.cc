#include "source/measure.h"

#include "base/file.h"
#include "base/text.h"
#include "invoke/run_once.h"
#include "sandbox/abi/abi.h"
#include "sandbox/vfs/mounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace mayfly::source {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kRuns = 31;

std::chrono::microseconds since(steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start);
}

// The sample of a language as a function, called without a server.
class Sample {
 public:
  Sample(Sources& sources, const Language& language, std::string text)
      : sources_(sources), text_(std::move(text)), path_(std::filesystem::path(language.sample).filename().string()) {
    settings_.language = language.name;
    settings_.entrypoint = path_;
    sources_.complete(settings_);
    request_.method = "GET";
    request_.target = "/sample?name=mayfly";
  }

  // Another digest is another function.
  Status load(std::string_view digest) {
    auto program = sources_.load({.function = "sample",
                                  .language = settings_.language,
                                  .entrypoint = path_,
                                  .digest = digest,
                                  .files = [this]() -> Result<Files> { return Files{{path_, text_}}; },
                                  .limits = settings_.limits},
                                 sandbox::Engine::Want::kOptimised);
    if (!program) return fail(std::move(program.error()));
    program_ = std::move(*program);
    auto mounts = sandbox::vfs::make_mounts(std::make_shared<const sandbox::vfs::Bundle>(Files{{path_, text_}}),
                                            settings_, nullptr);
    if (!mounts) return fail(std::move(mounts.error()));
    mounts_ = std::move(*mounts);
    sources_.add_folders(settings_.language, mounts_);
    return {};
  }

  Result<std::size_t> run() const {
    const sandbox::abi::Call call = {.request = request_,
                                     .function = "sample",
                                     .route = "/sample",
                                     .script_name = "/sample",
                                     .remote_address = "127.0.0.1",
                                     .server_name = "localhost",
                                     .server_port = "80"};
    const sandbox::Kind kind = program_->entry().kind;
    auto inputs = sandbox::abi::make_inputs(kind, settings_, mounts_, call);
    const std::string input = kind == sandbox::Kind::kSource ? sandbox::abi::source_input(call, "") : "";
    inputs.standard_input = input;
    const auto ran = invoke::run_once(program_, inputs, settings_.limits, &pool_);
    if (ran.error) return fail(ran.error->code, fmt::format("{}\n{}", ran.error->message, ran.log));
    if (auto head = sandbox::abi::read_head(kind, settings_, ran.output); !head) return fail(std::move(head.error()));
    return ran.memory_peak;
  }

 private:
  Sources& sources_;
  const std::string text_;
  const std::string path_;
  sandbox::Settings settings_;
  http::Request request_;
  std::shared_ptr<const sandbox::Program> program_;
  std::vector<sandbox::vfs::Mount> mounts_;
  net::Loop loop_;
  mutable sandbox::FreshPool pool_{loop_};
};

}  // namespace

Result<Costs> measure(Sources& sources, const Language& language) {
  auto text = read_file(language.sample);
  if (!text) return fail(std::move(text.error()));
  const std::string digest = sha256_hex(*text);
  Sample sample(sources, language, std::move(*text));
  if (auto compiled = sample.load(digest); !compiled) return fail(std::move(compiled.error()));

  Costs costs;
  auto start = steady_clock::now();
  const std::string another = sha256_hex(fmt::format("{} {}", digest, start.time_since_epoch().count()));
  if (auto loaded = sample.load(another); !loaded) return fail(std::move(loaded.error()));
  costs.deploy = since(start);

  start = steady_clock::now();
  if (auto loaded = sample.load(digest); !loaded) return fail(std::move(loaded.error()));
  const auto first = sample.run();
  if (!first) return fail(first.error());
  costs.cold = since(start);
  costs.memory = *first;

  std::array<std::chrono::microseconds, kRuns> runs;
  for (auto& run : runs) {
    start = steady_clock::now();
    if (auto ran = sample.run(); !ran) return fail(std::move(ran.error()));
    run = since(start);
  }
  std::ranges::nth_element(runs, runs.begin() + kRuns / 2);
  costs.warm = runs[kRuns / 2];
  return costs;
}

}  // namespace mayfly::source
