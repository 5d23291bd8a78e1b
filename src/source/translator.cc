#include "source/translator.h"

#include "invoke/run_once.h"
#include "sandbox/abi/abi.h"
#include "source/limits.h"

#include <fmt/format.h>

namespace mayfly::source {

Result<std::string> translate_file(const std::shared_ptr<const sandbox::Program>& translator, std::string_view path,
                                   std::string_view text) {
  http::Request request;
  request.method = "POST";
  request.target = fmt::format("/{}", path);
  const std::string input = sandbox::abi::source_input({.request = request,
                                                        .function = "translate",
                                                        .route = "/",
                                                        .script_name = "/",
                                                        .remote_address = "127.0.0.1",
                                                        .server_name = "localhost",
                                                        .server_port = "80",
                                                        .body_bytes = text.size()},
                                                       text);
  sandbox::Inputs inputs;
  inputs.standard_input = input;
  auto ran = invoke::run_once(translator, inputs, kTranslateLimits);
  if (ran.error)
    return fail(ErrorCode::kBadSource, fmt::format("{} cannot be translated: {}", path, ran.error->message));
  const auto head = sandbox::abi::read_source_head(ran.output);
  if (!head) return fail(ErrorCode::kBadSource, head.error().message);
  ran.output.erase(0, head->consumed);
  return std::move(ran.output);
}

}  // namespace mayfly::source
