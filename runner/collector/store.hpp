#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/collector/item.hpp"
#include "runner/status/snapshot.hpp"

namespace runner::collector {

/// A place with a disk on which things of ours lie: an engine, the state directory.
///
/// Strand: the I/O thread. Nothing but remove() changes what is there; list() may forget what it
/// has recorded of things that are gone. The callers set limits of time.
class Store {
  public:
    virtual ~Store() = default;
    /// For people: "unix:///var/run/docker.sock".
    [[nodiscard]] virtual const std::string& title() const = 0;
    /// How often it may be measured.
    [[nodiscard]] virtual std::chrono::seconds interval() const { return std::chrono::seconds(15); }
    /// The free space. kUnavailable when it cannot be measured now; the message says why.
    virtual base::Task<base::Result<status::DiskState>> measure() = 0;
    /// What is ours, without sizes that are slow to find out.
    virtual base::Task<base::Result<std::vector<Item>>> list() = 0;
    /// Fills in sizes that list() left out; nothing where it leaves none out. It may take minutes.
    virtual base::Task<base::Result<void>> add_sizes(std::vector<Item>& /*items*/) {
        co_return base::Result<void>();
    }
    /// kConflict: it is in use, which may have begun after list(). What is gone is a success.
    virtual base::Task<base::Result<void>> remove(const Item& item) = 0;
};

}  // namespace runner::collector
