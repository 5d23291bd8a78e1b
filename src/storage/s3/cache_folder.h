#pragma once

#include "storage/data_folder.h"
#include "storage/s3/settings.h"

#include <string>

namespace mayfly::storage::s3 {

// Where the cache of a store is, below the data folder: another for each endpoint, bucket and prefix. Makes the folders
// above it.
Result<std::string> cache_folder(FileSystem& files, const DataFolder& folder, const Settings& settings,
                                 const Location& location);

}  // namespace mayfly::storage::s3
