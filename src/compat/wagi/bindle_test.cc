#include "compat/wagi/bindle.h"

#include "base/file.h"
#include "base/text.h"
#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mayfly::compat::wagi {
namespace {

namespace fs = std::filesystem;

// A bindle `drink/1.2.3` that is made parcel by parcel.
class TestBindle {
 public:
  TestBindle() { fs::create_directories(folder() / "parcels"); }

  void add(const std::string& name, const std::string& bytes, const std::string& features,
           const std::string& conditions, const std::string& type = "application/wasm") {
    const std::string digest = sha256_hex(bytes);
    std::ofstream(file_of(bytes)) << bytes;
    std::ofstream(folder() / "invoice.toml", std::ios::app)
        << "[[parcel]]\n[parcel.label]\nname = '" << name << "'\nmediaType = '" << type << "'\nsha256 = '" << digest
        << "'\n[parcel.label.feature.wagi]\n"
        << features << "\n[parcel.conditions]\n"
        << conditions << "\n";
  }
  void add_file(const std::string& name, const std::string& bytes) {
    add(name, bytes, "file = 'true'", "memberOf = ['files']", "text/plain");
  }

  fs::path folder() const { return fs::path(temporary_.path()) / sha256_hex("drink/1.2.3"); }
  fs::path file_of(const std::string& bytes) const { return folder() / "parcels" / (sha256_hex(bytes) + ".dat"); }
  fs::path assets() const { return fs::path(temporary_.path()) / "assets"; }

  Result<std::vector<Module>> read(const std::string& id = "drink/1.2.3") const {
    return read_bindle({id, temporary_.path(), assets()});
  }
  std::string mistake() const {
    const auto modules = read();
    EXPECT_FALSE(modules);
    return modules ? "" : modules.error().message;
  }

 private:
  storage::TemporaryFolder temporary_;
};

TEST(Bindle, GivesModulesWithTheFilesTheyRequire) {
  TestBindle bindle;
  bindle.add("coffee.wasm", "coffee", "route = '/coffee'\nentrypoint = 'brew'", "requires = ['files']");
  bindle.add("water.wasm", "water", "route = '/...'\nallowed_hosts = 'https://a.example'", "");
  bindle.add_file("cups/small.txt", "small");
  bindle.add_file("menu.txt", "menu");
  fs::create_directories(bindle.assets() / "left over");
  const auto modules = bindle.read();
  ASSERT_TRUE(modules) << modules.error().message;
  ASSERT_EQ(modules->size(), 2u);
  const Module& coffee = modules->front();
  EXPECT_EQ(coffee.route, "/coffee");
  EXPECT_EQ(coffee.entrypoint, "brew");
  EXPECT_EQ(coffee.path, bindle.file_of("coffee"));
  EXPECT_EQ(coffee.sha256, sha256_hex("coffee"));
  EXPECT_EQ(coffee.volumes, (std::map<std::string, std::string>{{"/", bindle.assets()}}));
  EXPECT_FALSE(coffee.volumes_writable);
  EXPECT_EQ(modules->back().allowed_hosts, std::vector<std::string>{"https://a.example"});
  EXPECT_TRUE(modules->back().volumes.empty());
  EXPECT_EQ(read_file(bindle.assets() / "cups" / "small.txt"), "small");
  EXPECT_EQ(read_file(bindle.assets() / "menu.txt"), "menu");
  EXPECT_FALSE(fs::exists(bindle.assets() / "left over"));
}

TEST(Bindle, SaysThatItIsNotThere) {
  const TestBindle bindle;
  const auto modules = bindle.read("drink/1.2.4");
  ASSERT_FALSE(modules);
  EXPECT_EQ(modules.error().code, ErrorCode::kBadConfig);
  EXPECT_NE(modules.error().message.find("there is no bindle drink/1.2.4"), std::string::npos);
  for (const auto* id : {"drink", "/1.2.3", "drink/", ""}) {
    EXPECT_EQ(bindle.read(id).error().code, ErrorCode::kBadOption) << id;
  }
}

TEST(Bindle, NeedsAHandler) {
  TestBindle bindle;
  bindle.add("coffee.wasm", "coffee", "", "");
  EXPECT_NE(bindle.mistake().find("has a feature.wagi.route"), std::string::npos);
}

TEST(Bindle, RefusesAFileThatIsNotWhatItsDigestSays) {
  TestBindle bindle;
  bindle.add("coffee.wasm", "coffee", "route = '/'", "requires = ['files']");
  bindle.add_file("menu.txt", "menu");
  std::ofstream(bindle.file_of("menu")) << "Menu";
  EXPECT_NE(bindle.mistake().find("does not have the SHA-256 of the invoice"), std::string::npos);
  fs::remove(bindle.file_of("menu"));
  EXPECT_NE(bindle.mistake().find("cannot read"), std::string::npos);
}

TEST(Bindle, PutsNoFileOutsideOfItsFolder) {
  for (const auto* name : {"../out.txt", "/out.txt", "a/../../out.txt", "a//out.txt", "./out.txt", "a/"}) {
    TestBindle bindle;
    bindle.add("coffee.wasm", "coffee", "route = '/'", "requires = ['files']");
    bindle.add_file(name, "menu");
    EXPECT_NE(bindle.mistake().find("is not the relative path of a file"), std::string::npos) << name;
  }
}

TEST(Bindle, RefusesTwoFilesOfOneName) {
  TestBindle bindle;
  bindle.add("coffee.wasm", "coffee", "route = '/'", "requires = ['files']");
  bindle.add_file("menu.txt", "menu");
  bindle.add_file("menu.txt", "menu");
  EXPECT_TRUE(bindle.read());
  bindle.add_file("menu.txt", "another");
  EXPECT_NE(bindle.mistake().find("another parcel is a file of the name `menu.txt`"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::compat::wagi
