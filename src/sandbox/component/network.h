#pragma once

#include "egress/gate.h"
#include "sandbox/guest.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace mayfly::sandbox {
struct EngineNetwork;
}

namespace mayfly::sandbox::component {

// What one component does on the network: its HTTP requests, the names it looks up, where it connects to. All of it
// through the gate, by the rules of its function. Belongs to the loop; outlives the engine's instance.
class Network {
 public:
  explicit Network(Guest& guest);
  ~Network();
  Network(const Network&) = delete;

  // Whether nothing of it is on its way; what has come may be left to read.
  bool idle() const;

  // What the engine is to call.
  EngineNetwork callbacks();

 private:
  struct Callbacks;
  struct Operation;

  void note(std::string_view what, const egress::Failure& failure);
  std::unique_ptr<Operation> end(std::uint64_t id);
  void fail(std::uint64_t id, const egress::Failure& failure);
  void moved(std::uint64_t id);
  std::size_t held() const;
  bool may_connect(const std::string& address, std::uint16_t port);

  Guest& guest_;
  std::map<std::uint64_t, std::unique_ptr<Operation>> running_;
  std::unique_ptr<Operation> last_;  // whose response was read to its end: the engine has yet to take that
  std::map<egress::Address, std::set<std::string>> names_;  // that this guest was given an address for
};

}  // namespace mayfly::sandbox::component
