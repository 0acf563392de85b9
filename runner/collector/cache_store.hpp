#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runner/collector/store.hpp"

namespace runner::collector {

/// The caches that jobs of shared machines (the shell executor) have in one directory, as
/// script::CacheWriter names them: DIRECTORY/PROJECT/KEY/cache.zip. The last use is the last time
/// that the archive was written or read.
///
/// Jobs can change everything below the directory. So each name is opened below an open directory,
/// no link is followed, and nothing but archives and directories that are empty is removed.
/// Strand: the I/O thread; the files are looked at by a thread of base::blocking_pool().
class CacheStore final : public Store {
  public:
    explicit CacheStore(std::filesystem::path directory);

    [[nodiscard]] const std::filesystem::path& path() const { return directory_; }
    [[nodiscard]] const std::string& title() const override { return title_; }
    base::Task<base::Result<status::DiskState>> measure() override;
    base::Task<base::Result<std::vector<Item>>> list() override;
    /// kConflict: a job has used the cache within the last two minutes.
    base::Task<base::Result<void>> remove(const Item& item) override;

  private:
    std::filesystem::path directory_;
    std::string title_;
};

}  // namespace runner::collector
