#include "net/workers.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mayfly::net {
namespace {

constexpr int kNiceness = 10;  // behind the loops, before nothing else

}  // namespace

Workers::Workers(const std::string& name, unsigned threads) : guard_(io_.get_executor()) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, label = fmt::format("{}-{}", name, i)] {
      pthread_setname_np(pthread_self(), label.c_str());
      const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
      ::setpriority(PRIO_PROCESS, thread, kNiceness);  // of this thread alone, on Linux; a refusal is no harm
      io_.run();
    });
  }
}

Workers::~Workers() { io_.stop(); }

}  // namespace mayfly::net
