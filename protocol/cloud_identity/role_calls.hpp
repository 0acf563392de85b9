#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "base/notifier.hpp"
#include "protocol/cloud_identity/aws_sts.hpp"

namespace protocol::cloud_identity {

/// Is told of the requests for roles, for metrics. Strand: the I/O thread.
class RoleObserver {
  public:
    virtual ~RoleObserver() = default;
    /// How many are under way now.
    virtual void on_role_requests(int in_flight) = 0;
    /// One begins, after it has waited for its turn.
    virtual void on_role_begin(std::chrono::nanoseconds waited) = 0;
    virtual void on_role_end(std::chrono::nanoseconds duration, bool taken) = 0;
    /// The credentials of a role were needed, and those of a former request are used.
    virtual void on_role_hit() = 0;
};

/// Of nobody.
RoleObserver& no_role_observer();

/// A role to take with the credentials of somebody else.
struct WantedRole {
    std::string arn;
    std::string region;    ///< of STS
    int most_at_once = 1;  ///< requests, those for other roles included
};

/// Takes roles (AssumeRole of STS): a limited number of requests at once, each in its turn.
///
/// Life: that of the daemon; it outlives its calls. Strand: the I/O thread; calls may overlap.
class RoleCalls {
  public:
    RoleCalls(const boost::asio::any_io_executor& executor, const base::Clock& clock)
        : clock_(clock), ended_(executor) {}

    /// Set before the first call; outlives the calls.
    void observe(RoleObserver& observer) { observer_ = &observer; }
    [[nodiscard]] RoleObserver& observer() const { return *observer_; }
    base::Task<base::Result<AwsExpiring>> take(Surroundings surroundings, WantedRole role,
                                               object_storage::AwsCredentials keys);

  private:
    class Turn;

    const base::Clock& clock_;
    RoleObserver* observer_ = &no_role_observer();
    base::Notifier ended_;
    int in_flight_ = 0;
};

}  // namespace protocol::cloud_identity
