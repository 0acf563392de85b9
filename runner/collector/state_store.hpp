#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runner/collector/store.hpp"

namespace runner::collector {

/// What the state directory keeps of ended jobs: files of those that could not be taken up again
/// ("jobs/*.broken"), which somebody may want to look at.
class StateStore final : public Store {
  public:
    explicit StateStore(std::filesystem::path state_dir);

    [[nodiscard]] const std::string& title() const override { return title_; }
    base::Task<base::Result<status::DiskState>> measure() override;
    base::Task<base::Result<std::vector<Item>>> list() override;
    base::Task<base::Result<void>> remove(const Item& item) override;

  private:
    std::filesystem::path state_dir_;
    std::string title_;
};

}  // namespace runner::collector
