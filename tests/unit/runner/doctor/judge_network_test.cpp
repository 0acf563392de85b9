#include "runner/doctor/judge_network.hpp"

#include "tests/unit/runner/doctor/expect_finding.hpp"

namespace runner::doctor {
namespace {

PathFigures failed(const std::string& where, const std::string& why) {
    PathFigures path;
    path.host = "git";
    path.port = "443";
    path.failed_at = where;
    path.error = why;
    return path;
}

TEST(JudgeNetwork, NamesAreJudgedTogether) {
    PathFigures known;
    known.host = "git";
    known.addresses = {"10.0.0.1", "10.0.0.2"};
    expect_finding(judge_names(Place::kJob, {known}), ok("git is 10.0.0.1, 10.0.0.2"));
    expect_finding(judge_names(Place::kJob, {known, failed("resolve", "no answer")}),
                   problem("git: no answer", "set dns or extra_hosts in [runners.docker]"));
    known.host = "10.0.0.1";
    known.addresses = {"10.0.0.1"};
    EXPECT_EQ(judge_names(Place::kHost, {known}).state, State::kSkipped);
}

TEST(JudgeNetwork, NamesTheFirewallOrTheLoopbackAddress) {
    PathFigures path = failed("connect", "Connection timed out");
    path.address = "10.0.0.1";
    expect_finding(judge_connection(Place::kJob, path),
                   problem("git:443: Connection timed out",
                           "see the host's line; if that is ok, the firewall of the engine's "
                           "machine (chain DOCKER-USER)"));
    path.address = "127.0.0.1";
    EXPECT_EQ(judge_connection(Place::kJob, path).remedy,
              "name GitLab by an address that containers reach (clone_url in [[runners]])");
    EXPECT_EQ(judge_connection(Place::kJob, failed("resolve", "x")).state, State::kSkipped);
    EXPECT_EQ(judge_packets(Place::kJob, path).state, State::kSkipped);
}

TEST(JudgeNetwork, JudgesPackets) {
    PathFigures path;
    path.host = "fd00::1";
    path.port = "443";
    path.device = "eth0";
    path.packet = 1500;
    path.passes = 1500;
    expect_finding(judge_packets(Place::kHost, path),
                   ok("packets of 1500 bytes arrive at [fd00::1]:443"));
    path.passes = 1380;
    expect_finding(judge_packets(Place::kHost, path),
                   problem("packets of 1500 bytes do not arrive at [fd00::1]:443, those of 1380 do",
                           "ip link set dev eth0 mtu 1380"));
    path.passes = 0;
    EXPECT_EQ(judge_packets(Place::kHost, path).remedy,
              "look for a firewall that lets connections begin and drops their data");
}

TEST(JudgeNetwork, JudgesProxies) {
    EXPECT_EQ(judge_proxies(Place::kHost, {}).state, State::kSkipped);
    expect_finding(judge_proxies(Place::kJob, {failed("connect", "Connection refused")}),
                   problem("the proxy git:443: Connection refused",
                           "repair it, or correct the proxies in `environment` of [[runners]]"));
}

}  // namespace
}  // namespace runner::doctor
