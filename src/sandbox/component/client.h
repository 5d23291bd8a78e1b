#pragma once

#include "sandbox/guest.h"

#include <functional>
#include <memory>

namespace mayfly::sandbox {
struct EngineRequest;
}

namespace mayfly::sandbox::component {

// The client of one HTTP request, as the engine sees it: where the request's body comes from and the response goes.
// Belongs to the loop; outlives the engine's part in the request.
class Client {
 public:
  // `guest` is who handles it. An error of `host` ends the request: it goes to `stop`.
  Client(Guest& guest, GuestHost& host, std::function<void(Error)> stop);
  ~Client();
  Client(const Client&) = delete;

  // Calls `use` with the request of `inputs` as the engine takes it; what that points to lives as long.
  void with_request(const Inputs& inputs, const std::function<void(const EngineRequest&)>& use);

 private:
  struct Callbacks;
  struct Body;

  Guest& guest_;
  GuestHost& host_;
  const std::function<void(Error)> stop_;
  std::unique_ptr<Body> body_;
};

}  // namespace mayfly::sandbox::component
