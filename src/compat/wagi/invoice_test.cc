#include "compat/wagi/invoice.h"

#include <gtest/gtest.h>

namespace mayfly::compat::wagi {
namespace {

const std::string kDigest(64, 'a');

std::string parcel(const std::string& name, const std::string& type, const std::string& features,
                   const std::string& conditions) {
  return "[[parcel]]\n[parcel.label]\nname = '" + name + "'\nmediaType = '" + type + "'\nsha256 = '" + kDigest +
         "'\nsize = 1\n[parcel.label.feature.wagi]\n" + features + "\n[parcel.conditions]\n" + conditions + "\n";
}

TEST(Invoice, TellsHandlersFromFiles) {
  const auto parcels = parse_invoice(
      "bindleVersion = '1.0.0'\n[bindle]\nname = 'drink'\nversion = '1.2.3'\n" +
          parcel("coffee.wasm", "application/wasm",
                 "route = '/coffee/...'\nentrypoint = 'brew'\nargv = 'a ${ARGS}'\nfile = 'false'\n"
                 "allowed_hosts = 'https://a.example, https://b.example'",
                 "requires = ['files']") +
          parcel("water.wasm", "application/wasm", "route = '/water'", "memberOf = ['files']") +
          parcel("tea.wasm", "application/wasm", "", "") + parcel("milk.js", "text/javascript", "route = '/milk'", "") +
          parcel("a.png", "image/png", "file = 'true'", "memberOf = ['files']"),
      "invoice.toml");
  ASSERT_TRUE(parcels) << parcels.error().message;
  ASSERT_EQ(parcels->size(), 5u);
  const Parcel& coffee = parcels->front();
  EXPECT_EQ(coffee.where, "invoice.toml:5:1");
  EXPECT_EQ(coffee.route, "/coffee/...");
  EXPECT_EQ(coffee.entrypoint, "brew");
  EXPECT_EQ(coffee.argv, "a ${ARGS}");
  EXPECT_EQ(coffee.allowed_hosts, (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_EQ(coffee.sha256, kDigest);
  EXPECT_FALSE(coffee.is_file);
  EXPECT_TRUE(parcels->back().is_file);
  std::vector<bool> handlers;
  for (const Parcel& found : *parcels) handlers.push_back(found.is_handler());
  EXPECT_EQ(handlers, (std::vector<bool>{true, false, false, false, false}));
}

TEST(Invoice, FollowsGroupsThatRequireGroups) {
  const auto parcels = parse_invoice(
      parcel("m.wasm", "application/wasm", "route = '/'", "requires = ['one']") +
          parcel("1.txt", "text/plain", "file = 'true'", "memberOf = ['one']\nrequires = ['two']") +
          parcel("2.txt", "text/plain", "file = 'true'", "memberOf = ['two', 'three']\nrequires = ['one', 'nobody']") +
          parcel("3.txt", "text/plain", "file = 'true'", "memberOf = ['three']") +
          parcel("plain.txt", "text/plain", "", "memberOf = ['one']"),
      "invoice.toml");
  ASSERT_TRUE(parcels) << parcels.error().message;
  std::vector<std::string> names;
  for (const Parcel* file : files_required_by(parcels->front(), *parcels)) names.push_back(file->name);
  EXPECT_EQ(names, (std::vector<std::string>{"1.txt", "2.txt"}));
  EXPECT_TRUE(files_required_by((*parcels)[3], *parcels).empty());
}

TEST(Invoice, NamesThePlaceOfAMistake) {
  const auto where = [](const std::string& toml) {
    const auto parcels = parse_invoice(toml, "i.toml");
    EXPECT_FALSE(parcels) << toml;
    return parcels ? "" : parcels.error().message;
  };
  EXPECT_TRUE(where("parcel = 1").starts_with("i.toml:1:10: `parcel` is not a list"));
  EXPECT_TRUE(where("[[parcel]]\n").starts_with("i.toml:1:1: `label` has no `name`"));
  EXPECT_TRUE(where("[[parcel]]\nlabel = 1\n").starts_with("i.toml:2:9: `label` is not a table"));
  EXPECT_TRUE(where("[[parcel]]\n[parcel.label]\nname = 'a'").starts_with("i.toml:2:1: [parcel.label] has no `media"));
  EXPECT_TRUE(where("[[parcel]]\n[parcel.label]\nname = 'a'\nmediaType = 'b'\nsha256 = '../../x'")
                  .starts_with("i.toml:5:10: `sha256` is not 64 lower-case hex digits"));
  EXPECT_TRUE(where(parcel("a", "b", "route = 1", "")).starts_with("i.toml:8:9: `route` is not a text"));
  EXPECT_TRUE(where(parcel("a", "b", "", "requires = 'x'")).find("`requires` is not a list") != std::string::npos);
}

}  // namespace
}  // namespace mayfly::compat::wagi
