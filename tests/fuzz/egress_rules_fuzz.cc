// The input's lines are capabilities, and then destinations. What is accepted says itself again in the same words, and
// nothing but `private`, or the address itself, leads to one that is not public.
#include "base/check.h"
#include "egress/rules.h"

#include <algorithm>

namespace egress = mayfly::egress;

namespace {

void check_round_trip(const egress::Rules& rules) {
  egress::Rules again;
  for (const std::string& capability : rules.capabilities()) CHECK(again.allow(capability));
  CHECK(again == rules);
}

void check_destination(const egress::Rules& rules, std::string_view text) {
  const auto to = egress::parse_tcp_destination(text);
  if (!to) return;
  CHECK(egress::canonical_host(to->host) == to->host);
  CHECK(egress::parse_tcp_destination(to->text())->text() == to->text());
  static const auto kMetadata = boost::asio::ip::make_address("169.254.169.254");
  if (!rules.permits(*to) || !rules.permitted(*to, {kMetadata})) return;
  const auto granted = rules.capabilities();
  CHECK(std::ranges::any_of(granted, [](const std::string& capability) {
    return capability == "private" || capability.starts_with("tcp=169.254.169.254:");
  }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  egress::Rules rules;
  for (const bool as_rules : {true, false}) {
    std::string_view left = input;
    while (!left.empty()) {
      const std::string_view line = left.substr(0, left.find('\n'));
      left.remove_prefix(std::min(line.size() + 1, left.size()));
      if (!as_rules) check_destination(rules, line);
      else if (!rules.allow(line)) static_cast<void>(egress::Rules(rules).allow_wagi_host(line));
    }
    check_round_trip(rules);
  }
  return 0;
}
