#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runner/collector/store.hpp"

namespace runner::collector {

/// What the state directory keeps for somebody who may want to look at it: files of jobs that could
/// not be taken up again ("jobs/*.broken"), and a history of jobs that could not be read
/// ("history.sqlite.broken").
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
