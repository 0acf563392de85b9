#include "executors/session/reconnect_policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace executors::session {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;
using Attempt = ReconnectPolicy::Attempt;

constexpr milliseconds kGiveUp{60'000};
constexpr milliseconds kNone{-1};  // no further connection

Attempt failed(ErrorKind kind) {
    Attempt attempt;
    attempt.error = base::make_error(kind, "");
    return attempt;
}
/// A connection that delivered records and was lost.
Attempt lost() {
    Attempt attempt = failed(ErrorKind::kUnavailable);
    attempt.has_delivered = attempt.has_delivered_record = true;
    return attempt;
}
/// A connection that was open for a while and delivered nothing.
Attempt quiet(milliseconds lasted) {
    Attempt attempt = failed(ErrorKind::kUnavailable);
    attempt.lasted = lasted;
    return attempt;
}
/// A connection that began with bytes that are no record.
Attempt garbled() {
    Attempt attempt = failed(ErrorKind::kProtocol);
    attempt.has_delivered = true;
    return attempt;
}
Attempt broken_later() {
    Attempt attempt = garbled();
    attempt.has_delivered_record = true;
    return attempt;
}
Attempt shutting_down(Attempt attempt) {
    attempt.shutting_down = true;
    return attempt;
}

struct Step {
    Attempt attempt;
    milliseconds at{0};  // since the policy was made
    milliseconds pause{0};
};

struct Case {
    std::string name;
    std::vector<Step> steps;
};

const std::vector<Case>& cases() {
    const auto unavailable = failed(ErrorKind::kUnavailable);
    static const std::vector<Case> all{
        {"the pause doubles up to two seconds",
         {{unavailable, milliseconds(0), milliseconds(20)},
          {unavailable, milliseconds(1), milliseconds(40)},
          {unavailable, milliseconds(2), milliseconds(80)},
          {unavailable, milliseconds(3), milliseconds(160)},
          {unavailable, milliseconds(4), milliseconds(320)},
          {unavailable, milliseconds(5), milliseconds(640)},
          {unavailable, milliseconds(6), milliseconds(1280)},
          {unavailable, milliseconds(7), milliseconds(2000)},
          {unavailable, milliseconds(8), milliseconds(2000)}}},
        {"it gives up when the time is over and not before",
         {{unavailable, kGiveUp, milliseconds(20)},
          {unavailable, kGiveUp + milliseconds(1), kNone}}},
        {"a connection that delivered bytes begins a new time and a short pause",
         {{unavailable, milliseconds(0), milliseconds(20)},
          {unavailable, milliseconds(50), milliseconds(40)},
          {lost(), milliseconds(100'000), milliseconds(20)},
          {unavailable, milliseconds(160'000), milliseconds(40)},
          {unavailable, milliseconds(160'001), kNone}}},
        {"a quiet connection counts only when it lasted more than two seconds",
         {{unavailable, milliseconds(0), milliseconds(20)},
          {quiet(milliseconds(2000)), milliseconds(2000), milliseconds(40)},
          {quiet(milliseconds(2001)), milliseconds(90'000), milliseconds(20)},
          {quiet(milliseconds(2000)), milliseconds(150'001), kNone}}},
        {"an environment that is gone is not asked for again",
         {{failed(ErrorKind::kNotFound), milliseconds(0), kNone}}},
        {"other failures of the connection are tried again",
         {{failed(ErrorKind::kIo), milliseconds(0), milliseconds(20)},
          {failed(ErrorKind::kTimeout), milliseconds(0), milliseconds(40)},
          {failed(ErrorKind::kCancelled), milliseconds(0), milliseconds(80)}}},
        {"three garbled starts in a row are tried again",
         {{garbled(), milliseconds(0), milliseconds(20)},
          {garbled(), milliseconds(20), milliseconds(20)},
          {garbled(), milliseconds(40), milliseconds(20)},
          {garbled(), milliseconds(60), kNone}}},
        {"any other end of a connection begins the count of garbled starts again",
         {{garbled(), milliseconds(0), milliseconds(20)},
          {garbled(), milliseconds(20), milliseconds(20)},
          {garbled(), milliseconds(40), milliseconds(20)},
          {unavailable, milliseconds(60), milliseconds(40)},
          {garbled(), milliseconds(100), milliseconds(20)}}},
        {"a violation of the protocol behind a record ends the conversation",
         {{broken_later(), milliseconds(0), kNone}}},
        {"after a request to shut down no connection is made again",
         {{shutting_down(lost()), milliseconds(0), kNone}}},
        {"after a request to shut down a failed try is the last one",
         {{shutting_down(unavailable), milliseconds(0), kNone}}},
    };
    return all;
}

TEST(ReconnectPolicy, DecidesAfterEveryConnection) {
    for (const Case& one : cases()) {
        SCOPED_TRACE(one.name);
        const ReconnectPolicy::Clock::time_point start{};
        ReconnectPolicy policy(start, kGiveUp);
        for (std::size_t i = 0; i < one.steps.size(); ++i) {
            const Step& step = one.steps[i];
            const auto pause = policy.next_pause(step.attempt, start + step.at);
            EXPECT_EQ(pause.value_or(kNone), step.pause) << "step " << i;
        }
    }
}

}  // namespace
}  // namespace executors::session
