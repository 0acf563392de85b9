#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "executors/docker/engine_connection.hpp"
#include "runner/collector/engine_items.hpp"
#include "runner/collector/store.hpp"
#include "runner/collector/usage_record.hpp"

namespace runner::collector {

/// What is ours on one engine (engine_items.hpp).
///
/// The disk is that of the engine's data: a local engine's directory is asked here; that of an
/// engine elsewhere is asked by runner-helper, in a container in which nothing else runs. A job
/// could forge what a program in its own container answers, and so have the caches of others
/// removed. `runners`: EngineKnowledge::runners.
class EngineStore final : public Store {
  public:
    EngineStore(std::shared_ptr<executors::docker::EngineConnection> engine,
                std::shared_ptr<UsageRecord> record, std::string system_id,
                std::set<std::string> runners);

    [[nodiscard]] const std::string& title() const override;
    [[nodiscard]] std::chrono::seconds interval() const override;
    base::Task<base::Result<status::DiskState>> measure() override;
    base::Task<base::Result<std::vector<Item>>> list() override;
    base::Task<base::Result<void>> add_sizes(std::vector<Item>& items) override;
    base::Task<base::Result<void>> remove(const Item& item) override;

  private:
    base::Task<base::Result<status::DiskState>> measure_by_container(std::string directory);
    base::Task<base::Result<void>> remove_image(const Item& item);
    base::Task<base::Result<void>> remove_name(const Item& item, std::string name);
    void forget_what_is_gone(const EngineContent& content, const EngineKnowledge& known);

    std::shared_ptr<executors::docker::EngineConnection> engine_;
    std::shared_ptr<UsageRecord> record_;
    std::string system_id_;
    std::set<std::string> runners_;
    bool by_container_ = false;  ///< the last measurement
};

/// What `runner-helper probe disk PATH` has printed, as the disk of `directory`; pure.
base::Result<status::DiskState> parse_disk_probe(std::string_view output,
                                                 const std::string& directory);

}  // namespace runner::collector
