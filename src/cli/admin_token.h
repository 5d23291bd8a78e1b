#pragma once

#include "net/address.h"
#include "storage/data_folder.h"

#include <string>

namespace mayfly::cli {

// The token that the API asks for; "" while the server listens on loopback alone and nobody set one. It comes from the
// environment variable MAYFLY_TOKEN or from the file `admin-token` of the data folder, and is made and kept
// when an address other than loopback needs one.
struct AdminToken {
  std::string value;
  std::string made_in;  // the file, when it was made just now: then it is to be shown
};
Result<AdminToken> admin_token(storage::FileSystem& files, const storage::DataFolder& folder,
                               const net::HostPort& listen);

}  // namespace mayfly::cli
