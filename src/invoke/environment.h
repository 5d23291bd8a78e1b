#pragma once

#include "base/log.h"
#include "egress/gate.h"
#include "invoke/admission.h"
#include "invoke/background.h"
#include "invoke/loader.h"
#include "invoke/run_queue.h"
#include "invoke/warm_pool.h"
#include "sandbox/fresh_pool.h"

namespace mayfly::invoke {

// What the invocations of one loop share; the loop, its queue and its sandboxes are their own.
struct Environment {
  net::Loop& loop;
  RunQueue& turns;
  WarmPool& warm;
  sandbox::FreshPool& fresh;
  Admission& admission;
  Background& background;
  Loader& loader;
  Log& log;
  egress::Gate& egress;  // of the loop
};

}  // namespace mayfly::invoke
