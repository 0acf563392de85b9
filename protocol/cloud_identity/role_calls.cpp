#include "protocol/cloud_identity/role_calls.hpp"

#include <utility>

namespace protocol::cloud_identity {

using base::Result;
using base::Task;

namespace {

class Nobody final : public RoleObserver {
  public:
    void on_role_requests(int) override {}
    void on_role_begin(std::chrono::nanoseconds) override {}
    void on_role_end(std::chrono::nanoseconds, bool) override {}
    void on_role_hit() override {}
};

}  // namespace

RoleObserver& no_role_observer() {
    static Nobody nobody;
    return nobody;
}

/// Ends also when the request is cancelled.
class RoleCalls::Turn {
  public:
    explicit Turn(RoleCalls& owner) : owner_(owner) {
        owner_.observer_->on_role_requests(++owner_.in_flight_);
    }
    ~Turn() {
        owner_.observer_->on_role_requests(--owner_.in_flight_);
        owner_.ended_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    RoleCalls& owner_;
};

Task<Result<AwsExpiring>> RoleCalls::take(Surroundings surroundings, WantedRole role,
                                          object_storage::AwsCredentials keys) {
    const auto asked = clock_.now();
    while (in_flight_ >= role.most_at_once) {
        co_await ended_.wait();
    }
    const Turn turn(*this);
    const auto begun = clock_.now();
    observer_->on_role_begin(begun - asked);
    auto taking = assume_role(surroundings, role.region, role.arn, std::move(keys));
    auto taken = co_await std::move(taking);
    observer_->on_role_end(clock_.now() - begun, taken.has_value());
    co_return std::move(taken);
}

}  // namespace protocol::cloud_identity
