#include "mayfly_call.h"

#include "base/text.h"

namespace mayfly::bench {

MayflyCall::MayflyCall(sandbox::Engine& engine, const Guest& guest) : guest_(guest) {
  const std::string bytes = read_module(guest);
  auto program = engine.load(bytes, sha256_hex(bytes), guest.entry);
  if (!program) die(guest.name, program.error().message);
  program_ = std::move(*program);
}

Status MayflyCall::write_output(std::string_view bytes) {
  output_ += bytes;
  return {};
}

void MayflyCall::operator()() {
  output_.clear();
  const sandbox::Inputs inputs{.arguments = {std::string(guest_.name)}};
  sandbox::FreshInstance instance(program_, inputs, limits_, *this);
  using Progress = sandbox::Instance::Progress;
  for (Progress progress = instance.resume(); progress != Progress::kEnded; progress = instance.resume()) {
    while (progress == Progress::kWaiting && !woken_) loop_.io().run_one();
    loop_.io().restart();
    woken_ = false;
  }
  const sandbox::Outcome& outcome = instance.outcome();
  if (outcome.error) die(guest_.name, outcome.error->message);
  check_answer(guest_, outcome.value.empty() ? output_ : outcome.value);
}

}  // namespace mayfly::bench
