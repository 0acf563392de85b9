#pragma once

#include "base/notifier.hpp"

namespace executors::docker {

/// Sets `busy` for the time of a scope, also when cancellation ends the scope, and wakes those who
/// wait for its end, if anybody does. Strand: the I/O thread.
class BusyFlag {
  public:
    explicit BusyFlag(bool& busy) : busy_(busy) { busy_ = true; }
    BusyFlag(bool& busy, base::Notifier& changed) : BusyFlag(busy) { changed_ = &changed; }
    ~BusyFlag() {
        busy_ = false;
        if (changed_ != nullptr) changed_->notify_all();
    }
    BusyFlag(const BusyFlag&) = delete;
    BusyFlag& operator=(const BusyFlag&) = delete;

  private:
    bool& busy_;
    base::Notifier* changed_ = nullptr;
};

}  // namespace executors::docker
