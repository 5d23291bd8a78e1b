#include "net/workers.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

namespace mayfly::net {

void lower_priority() {
  constexpr int kNiceness = 10;
  // Of this thread alone, on Linux; a refusal is no harm.
  ::setpriority(PRIO_PROCESS, 0, kNiceness);
}

Workers::Workers(const std::string& name, unsigned threads) : guard_(io_.get_executor()), running_(threads) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, label = fmt::format("{}-{}", name, i)] {
      pthread_setname_np(pthread_self(), label.c_str());
      lower_priority();
      io_.run();
      running_.fetch_sub(1);
    });
  }
}

Workers::~Workers() { io_.stop(); }

bool Workers::stop(std::chrono::milliseconds patience) {
  io_.stop();
  const auto until = std::chrono::steady_clock::now() + patience;
  while (running_.load() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return running_.load() == 0;
}

}  // namespace mayfly::net
