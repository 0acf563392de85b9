#pragma once

#include "base/notifier.hpp"

namespace executors::docker {

/// Sets `busy` for the time of a scope, also when cancellation ends the scope, and wakes those who
/// wait for its end. Strand: the I/O thread.
class BusyFlag {
  public:
    BusyFlag(bool& busy, base::Notifier& changed) : busy_(busy), changed_(changed) { busy_ = true; }
    ~BusyFlag() {
        busy_ = false;
        changed_.notify_all();
    }
    BusyFlag(const BusyFlag&) = delete;
    BusyFlag& operator=(const BusyFlag&) = delete;

  private:
    bool& busy_;
    base::Notifier& changed_;
};

}  // namespace executors::docker
