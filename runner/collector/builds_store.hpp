#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "runner/collector/store.hpp"

namespace runner::collector {

/// The checkouts of jobs of shared machines (the shell executor) in one builds directory:
/// DIRECTORY/RUNNER/NUMBER/GROUP/PROJECT, with PROJECT.tmp beside it, and "~left-N" of either,
/// which a former job could not remove. The last use is the last time that one of them was changed.
/// Directories of runners that are not `runners` (short tokens) belong to somebody else.
///
/// Jobs can change everything below the directory. So each name is opened below an open directory,
/// and no link is followed. A checkout is renamed before it is removed: a job that begins meanwhile
/// has none, and does not have half of one.
/// `used`: the project directories of jobs that run now. Strand: the I/O thread; the files are
/// looked at by a thread of base::blocking_pool().
class BuildsStore final : public Store {
  public:
    using Used = std::function<std::vector<std::filesystem::path>()>;
    BuildsStore(std::filesystem::path directory, std::set<std::string> runners, Used used);

    [[nodiscard]] const std::string& title() const override { return title_; }
    base::Task<base::Result<status::DiskState>> measure() override;
    base::Task<base::Result<std::vector<Item>>> list() override;
    base::Task<base::Result<void>> add_sizes(std::vector<Item>& items) override;
    base::Task<base::Result<void>> remove(const Item& item) override;

  private:
    [[nodiscard]] bool is_used(const std::filesystem::path& checkout) const;

    std::filesystem::path directory_;
    std::set<std::string> runners_;
    Used used_;
    std::string title_;
};

}  // namespace runner::collector
