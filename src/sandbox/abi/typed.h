#pragma once

#include "sandbox/abi/abi.h"
#include "sandbox/program.h"

#include <cstddef>
#include <string_view>
#include <variant>

namespace mayfly::sandbox::abi {

struct TypedRefusal {
  Error error;
  std::string_view allow = {};  // for kMethodNotAllowed: the methods that the path answers
};

// Where a request to a typed function leads: to one of its functions, by Program::find_function, to an answer that
// needs no sandbox, or nowhere.
using TypedTarget = std::variant<std::size_t, http::Response, TypedRefusal>;
TypedTarget find_typed(const Program& program, const Call& call, std::string_view version);

}  // namespace mayfly::sandbox::abi
