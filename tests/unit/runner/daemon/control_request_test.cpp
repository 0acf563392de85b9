#include "runner/daemon/control_request.hpp"

#include <gmock/gmock.h>

namespace runner::daemon {
namespace {

using Action = ControlRequest::Action;

base::Result<ControlRequest> parse(const char* method, const std::string& target) {
    protocol::http::Request request;
    request.method = method;
    request.target = target;
    return parse_control_request(request);
}

TEST(ControlRequest, IsReadFromMethodAndTarget) {
    struct Case {
        const char* method;
        const char* target;
        Action action;
        const char* runner = "";
        std::int64_t job = 0;
        const char* reason = "";
    };
    const Case cases[] = {
        {"GET", "/control", Action::kState},
        {"POST", "/control/pause", Action::kPause},
        {"POST", "/control/pause?runner=a%20b%26c", Action::kPause, "a b&c"},
        {"POST", "/control/resume?runner=x", Action::kResume, "x"},
        {"POST", "/control/drain", Action::kDrain},
        {"POST", "/control/gc?dry_run=true", Action::kCollect},
        {"GET", "/control/gc", Action::kPostOnly},
        {"POST", "/jobs/12/cancel?runner=r&reason=disk%20full", Action::kCancel, "r", 12,
         "disk full"},
        {"POST", "/jobs/12/cancel?reason=a%0Ab%1B", Action::kCancel, "", 12, "a b "},
        {"GET", "/control/pause", Action::kPostOnly},
        {"GET", "/jobs/12/cancel", Action::kPostOnly, "", 12},
        {"PUT", "/control/drain", Action::kPostOnly},
        {"POST", "/status.json", Action::kPage},
        {"POST", "/jobs//cancel", Action::kPage},
        {"GET", "/jobs/12/log?from=3", Action::kPage},
    };
    for (const Case& c : cases) {
        const auto read = parse(c.method, c.target);
        ASSERT_TRUE(read) << c.target;
        EXPECT_EQ(read->action, c.action) << c.method << c.target;
        EXPECT_EQ(read->runner, c.runner) << c.target;
        EXPECT_EQ(read->job, c.job) << c.target;
        EXPECT_EQ(read->reason, c.reason) << c.target;
    }
}

TEST(ControlRequest, RefusesWhatIsNoJob) {
    for (const char* target : {"/jobs/x/cancel", "/jobs/-1/cancel", "/jobs/0/cancel",
                               "/jobs/99999999999999999999/cancel", "/jobs/1/2/cancel"}) {
        const auto read = parse("POST", target);
        ASSERT_FALSE(read) << target;
        EXPECT_EQ(read.error().kind, base::ErrorKind::kInvalidInput) << target;
    }
}

TEST(ControlRequest, RefusesParametersThatCouldMeanMoreThanWasMeant) {
    for (const char* target : {"/control/pause?runner=", "/control/pause?runner",
                               "/control/pause?runer=one", "/jobs/12/cancel?runner"}) {
        const auto parsed = parse("POST", target);
        ASSERT_FALSE(parsed.has_value()) << target;
        EXPECT_TRUE(parsed.error().is(base::ErrorKind::kInvalidInput)) << target;
    }
}

TEST(ControlRequest, CutsALongReason) {
    const auto read = parse("POST", "/jobs/1/cancel?reason=" + std::string(5000, 'x'));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->reason.size(), 500U);
    const auto umlauts = parse("POST", "/jobs/1/cancel?reason=" + std::string(499, 'x') + "%C3%BC");
    ASSERT_TRUE(umlauts);
    EXPECT_EQ(umlauts->reason, std::string(499, 'x')) << "half a character is none";
}

TEST(MayControl, RootTheDaemonAndTheGroup) {
    struct Case {
        const char* name;
        protocol::http::Peer peer;
        bool allowed;
    };
    const Case cases[] = {
        {"root", {0, 1, {5}}, true},
        {"the daemon's user", {100, 1, {5}}, true},
        {"a member of the group", {7, 1, {5, 42}}, true},
        {"somebody else", {7, 1, {5}}, false},
        {"somebody without groups", {7, 1, {}}, false},
    };
    for (const Case& c : cases) EXPECT_EQ(may_control(c.peer, 100, 42), c.allowed) << c.name;
}

TEST(ControlSocket, IsInTheRuntimeDirectoryOfTheService) {
    EXPECT_EQ(control_socket_path("/state", nullptr), "/state/runner.sock");
    EXPECT_EQ(control_socket_path("/state", ""), "/state/runner.sock");
    EXPECT_EQ(control_socket_path("/state", "/run/a:/run/b"), "/run/a/runner.sock");
}

TEST(ControlRequest, SaysHowDataIsCollected) {
    EXPECT_FALSE(parse("POST", "/control/gc")->dry_run);
    EXPECT_FALSE(parse("POST", "/control/gc?dry_run=false")->all);
    EXPECT_TRUE(parse("POST", "/control/gc?dry_run=true")->dry_run);
    EXPECT_TRUE(parse("POST", "/control/gc?dry_run=false&all=true")->all);
    for (const char* wrong : {"?dry_run=maybe", "?dryrun=true", "?dry_run", "?runner=a"}) {
        const auto refused = parse("POST", std::string("/control/gc") + wrong);
        EXPECT_FALSE(refused.has_value()) << wrong << ": a mistake must not remove anything";
    }
}

}  // namespace
}  // namespace runner::daemon
