#include "source/snapshot.h"

#include "base/text.h"
#include "invoke/run_once.h"
#include "sandbox/image.h"
#include "source/bad_source.h"

#include <fmt/format.h>

#include <string>

namespace mayfly::source {

using sandbox::Engine;

namespace {

Result<std::unique_ptr<sandbox::Module>> take_image(Engine& engine, const sandbox::Module& code, std::string_view data,
                                                    std::string_view key, const sandbox::Limits& limits) {
  const auto fresh = engine.compile_image(data, sha256_hex(data));
  if (!fresh) return fail(fresh.error());
  const std::string first = code.find_export("wizer.initialize") != nullptr ? "wizer.initialize" : "_initialize";
  if (code.find_export(first) == nullptr) {
    return fail(ErrorCode::kBadModule,
                "option `snapshot`: the module exports neither `wizer.initialize` nor `_initialize`");
  }
  const auto program = engine.link(code, **fresh, Engine::Start::kFresh, {sandbox::Kind::kCommand, first});
  if (!program) return fail(program.error());
  const auto ran = invoke::run_once(*program, {.makes_image = true}, limits);
  if (ran.error) return fail(bad_source(*ran.error, ran.log));
  return engine.compile_image(ran.image.bytes, key);
}

}  // namespace

Result<std::shared_ptr<const sandbox::Program>> load_snapshot(Engine& engine, std::string_view bytes,
                                                              std::string_view artefact, std::string_view entry,
                                                              const sandbox::Limits& limits, Engine::Want want) {
  const std::string code_key = sha256_hex(fmt::format("code of {}", artefact));
  const std::string image_key = sha256_hex(fmt::format("snapshot of {}", artefact));
  auto code = engine.find_compiled(code_key);
  auto image = engine.find_compiled(image_key);
  if (!code || !image) {
    const auto split = sandbox::split_for_images(bytes);
    if (!split) return fail(split.error());
    auto compiled = engine.compile(split->code, code_key, want, sandbox::kImageModule);
    if (!compiled) return fail(std::move(compiled.error()));
    code = std::move(*compiled);
    if (!image) {
      auto made = take_image(engine, *code, split->base, image_key, limits);
      if (!made) return fail(std::move(made.error()));
      image = std::move(*made);
    }
  }
  auto found = find_entry_point(code->names(), entry);
  if (!found) return fail(std::move(found.error()));
  return engine.link(*code, *image, Engine::Start::kImage, std::move(*found));
}

}  // namespace mayfly::source
