#pragma once

#include "base/log.h"
#include "egress/gate.h"
#include "invoke/admission.h"
#include "invoke/background.h"
#include "invoke/loader.h"
#include "invoke/run_queue.h"

namespace mayfly::invoke {

// What the invocations of one loop share; the loop, and its queue, are their own.
struct Environment {
  net::Loop& loop;
  RunQueue& turns;
  Admission& admission;
  Background& background;
  Loader& loader;
  Log& log;
  egress::Gate& egress;  // of the loop
};

}  // namespace mayfly::invoke
