#include "runner/status/allowed_hosts.hpp"

#include <gtest/gtest.h>

namespace {

using protocol::http::Request;
using runner::status::AllowedHosts;
using runner::status::search_domains;

Request asked_as(const std::string& host) {
    Request request;
    request.headers.add("Host", host);
    return request;
}

const AllowedHosts& allowed() {
    static const AllowedHosts hosts({"Builder-1", "ci.example.org"},
                                    {"corp.example.com", "ns.svc.cluster.local"});
    return hosts;
}

TEST(AllowedHosts, AllowsWhatNoPageOfTheInternetCanBeCalled) {
    for (const char* host : {"127.0.0.1",
                             "127.0.0.1:9252",
                             "10.0.0.5:9252",
                             "[::1]",
                             "[::1]:9252",
                             "[FE80::1]:9252",
                             "localhost",
                             "localhost:9252",
                             "LocalHost:9252",
                             "runner.localhost",
                             "builder-1:9252",
                             "BUILDER-1",
                             "any-single-name:9252",
                             "ci.example.org:9252",
                             "CI.Example.Org.:9252",
                             "x.corp.example.com",
                             "a.b.corp.example.com:9252",
                             "runner.ns.svc:9252",
                             "runner.ns.svc.cluster.local",
                             "printer.local",
                             "vm.internal:9252",
                             "box.home.arpa",
                             ""}) {
        EXPECT_TRUE(allowed().allow(asked_as(host))) << host;
    }
    EXPECT_TRUE(allowed().allow(Request()));
}

TEST(AllowedHosts, RefusesOtherNames) {
    for (const char* host :
         {"evil.example", "evil.example:9252", "EVIL.EXAMPLE", "evil.example.",
          "localhost.evil.com", "127.0.0.1.evil.com", "127.0.0.1.nip.io:9252", "builder-1.evil.com",
          "evil.com:localhost", "ci.example.org.evil.com", "corp.example.com.evil.com",
          "xcorp.example.com", "evillocalhost.com", "999.1.1.1", "example.com"}) {
        EXPECT_FALSE(allowed().allow(asked_as(host))) << host;
    }
}

TEST(AllowedHosts, LooksAtEveryHostHeader) {
    Request request = asked_as("localhost");
    request.headers.add("host", "evil.example");
    EXPECT_FALSE(allowed().allow(request));
}

TEST(AllowedHosts, ReadsTheDomainsOfTheMachine) {
    using Domains = std::vector<std::string>;
    EXPECT_EQ(search_domains("nameserver 10.0.0.1\nsearch corp.example.com\tExample.ORG. com .\n"),
              (Domains{"corp.example.com", "example.org"}));
    EXPECT_EQ(search_domains("domain a.example\nsearch b.example\n"), Domains{"b.example"});
    EXPECT_EQ(search_domains("# search c.example\noptions ndots:5\n"), Domains{});
    EXPECT_EQ(search_domains(""), Domains{});
}

}  // namespace
