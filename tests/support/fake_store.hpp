#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runner/collector/store.hpp"

namespace tests {

/// A disk of 1000 bytes with things on it; a removal frees their bytes at once.
class FakeStore final : public runner::collector::Store {
  public:
    using Item = runner::collector::Item;

    FakeStore() {
        disk.size_bytes = 1000;
        disk.free_bytes = 1000;
    }
    Item& add(const std::string& item_name, std::int64_t used, std::uint64_t bytes) {
        Item item;
        item.name = item_name;
        item.last_used_unix_micros = used;
        item.bytes = bytes;
        items.push_back(item);
        return items.back();
    }

    [[nodiscard]] const std::string& title() const override { return name; }
    [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(0); }
    base::Task<base::Result<runner::status::DiskState>> measure() override {
        if (measure_failure) co_return *measure_failure;
        if (measure_hangs) {
            const bool slept = co_await base::sleep_for(std::chrono::minutes(1));
            if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
        }
        co_return disk;
    }
    base::Task<base::Result<std::vector<Item>>> list() override {
        if (list_failure) co_return *list_failure;
        co_return items;
    }
    base::Task<base::Result<void>> add_sizes(std::vector<Item>& /*items*/) override {
        ++sizes_asked;
        co_return base::Result<void>();
    }
    base::Task<base::Result<void>> remove(const Item& item) override {
        if (on_remove) on_remove(item.name);
        if (hangs) {
            const bool slept = co_await base::sleep_for(std::chrono::minutes(1));
            if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
        }
        if (const auto failure = failures.find(item.name); failure != failures.end())
            co_return failure->second;
        removed.push_back(item.name);
        std::erase_if(items, [&item](const Item& each) { return each.name == item.name; });
        disk.free_bytes += item.bytes.value_or(0);
        disk.free_inodes += inodes_of_each;
        co_return base::Result<void>();
    }

    std::string name = "the test's store";
    runner::status::DiskState disk;
    std::vector<Item> items;
    std::vector<std::string> removed;
    std::map<std::string, base::Error> failures;  ///< of removals, by name
    std::optional<base::Error> measure_failure;
    std::optional<base::Error> list_failure;
    std::function<void(const std::string&)> on_remove;
    std::uint64_t inodes_of_each = 0;
    int sizes_asked = 0;
    bool hangs = false;  ///< removals do not end
    bool measure_hangs = false;
};

}  // namespace tests
