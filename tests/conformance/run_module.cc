// Runs one module in the sandbox, without a server around it, and exits with its code; 134 when it trapped.
//   run_module [--env NAME=value]... [--dir HOST::GUEST]... [--tmp GUEST]... MODULE [ARGUMENT]...
// It sees the folders that --dir names, writable, and an empty one in memory where --tmp says; nothing else.
#include "base/file.h"
#include "base/text.h"
#include "egress/gate.h"
#include "sandbox/engine.h"
#include "sandbox/fresh_instance.h"
#include "sandbox/vfs/tmp.h"
#include "sandbox/vfs/volume.h"

#include <cstdio>
#include <iostream>

namespace {

using namespace mayfly;
using namespace mayfly::sandbox;

struct Call {
  Inputs inputs;
  std::vector<vfs::Mount> mounts;
  std::string module;
};

Result<Call> parse(std::span<char*> words, net::Workers& syncing) {
  Call call;
  std::size_t i = 0;
  for (; i + 1 < words.size() && std::string_view(words[i]).starts_with("--"); i += 2) {
    const std::string_view option = words[i], value = words[i + 1];
    if (option == "--env") {
      call.inputs.environment.emplace_back(value);
      continue;
    }
    if (option == "--tmp") {
      call.mounts.push_back({std::string(value), std::make_shared<vfs::Tmp>(Limits().tmp_bytes)});
      continue;
    }
    const auto colons = value.find("::");
    if (option != "--dir" || colons == std::string_view::npos) return fail(ErrorCode::kBadOption, words[i]);
    auto volume = vfs::Volume::open(std::string(value.substr(0, colons)), true, syncing);
    if (!volume) return fail(volume.error());
    call.mounts.push_back({std::string(value.substr(colons + 2)), std::move(*volume)});
  }
  if (i == words.size()) return fail(ErrorCode::kBadOption, "which module?");
  call.module = words[i];
  call.inputs.arguments.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return call;
}

class Host final : public GuestHost {
 public:
  void wait_for_wake() {
    while (!woken_) loop_.io().run_one();
    loop_.io().restart();
    woken_ = false;
  }

 private:
  egress::Gate& egress() override { return egress_; }
  bool output_ready() override { return true; }
  Status write_output(std::string_view bytes) override {
    std::cout << bytes;
    return {};
  }
  void write_log(std::string_view bytes) override { std::cerr << bytes; }
  void wake() override { woken_ = true; }
  net::Loop& loop() override { return loop_; }

  net::Loop loop_;
  egress::Resolver resolver_{{.threads = 1}};
  egress::Gate egress_{loop_, resolver_};
  bool woken_ = false;
};

Result<int> run(std::span<char*> words) {
  net::Workers syncing("sync", 1);
  auto call = parse(words, syncing);
  if (!call) return fail(call.error());
  call->inputs.mounts = call->mounts;
  const auto bytes = read_file(call->module);
  if (!bytes) return fail(bytes.error());
  const auto engine = Engine::create({.slots = 1});
  if (!engine) return fail(engine.error());
  const auto program = (*engine)->load(*bytes, sha256_hex(*bytes), "");
  if (!program) return fail(program.error());

  const Limits limits;
  Host host;
  FreshInstance instance(*program, call->inputs, limits, host);
  Instance::Progress progress = instance.resume();
  for (; progress != Instance::Progress::kEnded; progress = instance.resume()) {
    if (progress == Instance::Progress::kWaiting) host.wait_for_wake();
  }
  std::cout.flush();
  if (const auto code = instance.guest().exit_code()) return static_cast<int>(*code);
  if (!instance.outcome().error) return 0;
  std::cerr << instance.outcome().error->message << '\n' << instance.outcome().backtrace << '\n';
  return 134;
}

}  // namespace

int main(int argc, char** argv) {
  const auto code = run(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (code) return *code;
  std::cerr << "run_module: " << code.error().message << '\n';
  return 2;
}
