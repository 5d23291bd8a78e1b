#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <string>
#include <thread>
#include <vector>

namespace mayfly::net {

// Threads of low priority for what blocks: compiling, unpacking, the disk. Work is done in the order it was posted;
// what is still waiting when the pool is destroyed is dropped.
class Workers {
 public:
  Workers(const std::string& name, unsigned threads);
  ~Workers();

  template <typename Fn>
  void post(Fn fn) {
    boost::asio::post(io_, std::move(fn));
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::vector<std::jthread> threads_;
};

}  // namespace mayfly::net
