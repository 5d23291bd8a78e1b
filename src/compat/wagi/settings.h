#pragma once

#include "compat/wagi/module.h"
#include "compat/wagi/variables.h"

#include <string>
#include <vector>

namespace mayfly::compat::wagi {

// What a module may use, as every function has it; the one place where an operator's WAGI file grants something. A
// volume whose folder is not there is left out, with a warning.
Result<sandbox::Settings> settings_of(const Module& module, const Variables& variables,
                                      std::vector<std::string>& warnings);

}  // namespace mayfly::compat::wagi
