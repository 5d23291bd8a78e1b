#pragma once

#include "net/loop.h"

#include <chrono>
#include <memory>
#include <vector>

namespace mayfly::server {

class Connection;

// Answers of one loop that are sent together, once what was ready with them is answered too: for the kernel, waking a
// client is dearer than sending to it, and clients on the same machine that are awake take all of them. Belongs to the
// loop.
class Outbox {
 public:
  explicit Outbox(net::Loop& loop) : loop_(loop) {}

  // Its flush() follows, within kSendDelay of the first of them, and later its read_on().
  void add(std::shared_ptr<Connection> connection);

 private:
  void send();

  net::Loop& loop_;
  std::vector<std::shared_ptr<Connection>> waiting_;
  std::chrono::steady_clock::time_point since_;
  bool is_posted_ = false;
};

}  // namespace mayfly::server
