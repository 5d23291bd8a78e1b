#pragma once

#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mayfly::net {

// Puts the calling thread behind the event loops.
void lower_priority();

// Threads of low priority for what blocks: compiling, unpacking, the disk. Work is done in the order it was posted.
class Workers {
 public:
  Workers(const std::string& name, unsigned threads);
  ~Workers();

  template <typename Fn>
  void post(Fn fn) {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    boost::asio::post(io_, [this, fn = std::move(fn)]() mutable {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      fn();
    });
  }
  // Work that no thread has taken up.
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  // Drops what is waiting, and waits for what is being done. False when that takes longer than `patience`.
  bool stop(std::chrono::milliseconds patience);

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<unsigned> running_ = 0;  // threads
  std::vector<std::jthread> threads_;
};

// Runs `work` on a worker, then `done` with what it returned on the loop, which outlives both.
template <typename Fn, typename Done>
void run_on(Workers& workers, Loop& loop, Fn work, Done done) {
  workers.post([&loop, work = std::move(work), done = std::move(done)]() mutable {
    loop.post([result = work(), done = std::move(done)]() mutable { done(std::move(result)); });
  });
}

}  // namespace mayfly::net
