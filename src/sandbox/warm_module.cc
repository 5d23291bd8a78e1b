#include "sandbox/warm_module.h"

#include "sandbox/sole_instance.h"

#include <utility>

namespace mayfly::sandbox {

class WarmModule::Seat final : public SoleInstance {
 public:
  Seat(std::shared_ptr<WarmSandbox> keeps, WarmModule& module, const Limits& limits)
      : SoleInstance(module.sandbox_, limits, module.served_ == 1), keeps_(std::move(keeps)), module_(module) {}
  ~Seat() override { module_.leave(ended_ && !outcome_.error); }

  Progress resume(Where where) override {
    const Progress progress = SoleInstance::resume(where);
    ended_ = progress == Progress::kEnded;
    return progress;
  }

 private:
  const std::shared_ptr<WarmSandbox> keeps_;
  WarmModule& module_;
  bool ended_ = false;
};

WarmModule::WarmModule(std::shared_ptr<const Program> program, const Inputs& inputs, const Limits& limits,
                       Surroundings surroundings)
    : surroundings_(std::move(surroundings)),
      serves_(limits.reuse),
      inputs_(inputs),
      sandbox_(std::move(program), inputs_, limits, *this) {}

std::unique_ptr<Instance> WarmModule::enter(std::shared_ptr<WarmSandbox> self, const Inputs& inputs, GuestHost& host) {
  host_ = &host;
  inputs_.standard_input = inputs.standard_input;
  if (served_ > 0) sandbox_.begin_again();
  is_done_ = ++served_ == serves_;
  return std::make_unique<Seat>(std::move(self), *this, sandbox_.guest().limits());
}

// Who has left it in the middle, or with an exit, has left nothing that could be called again.
void WarmModule::leave(bool ended_well) {
  Guest& guest = sandbox_.guest();
  if (!ended_well || guest.exit_code()) is_done_ = true;
  host_ = nullptr;
  inputs_.standard_input = {};
  guest.end_request();
  surroundings_.left();
}

Status WarmModule::write_output(std::string_view bytes) {
  return host_ != nullptr ? host_->write_output(bytes) : Status();
}

void WarmModule::write_log(std::string_view bytes) {
  if (host_ != nullptr) host_->write_log(bytes);
}

void WarmModule::wake() {
  if (host_ != nullptr) host_->wake();
}

}  // namespace mayfly::sandbox
