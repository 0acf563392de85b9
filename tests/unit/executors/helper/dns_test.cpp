#include "executors/helper/dns.hpp"

#include <gmock/gmock.h>

namespace executors::helper {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Dns, ReadsResolvConf) {
    const auto config = parse_resolver_config(
        "# made by the engine\nnameserver 127.0.0.11\nnameserver\t10.0.0.2 # second\n"
        "search a.example b.example\noptions edns0 ndots:2\n");
    EXPECT_THAT(config.servers, ElementsAre("127.0.0.11", "10.0.0.2"));
    EXPECT_THAT(config.search, ElementsAre("a.example", "b.example"));
    EXPECT_EQ(config.dots, 2U);
}

TEST(Dns, AsksThisMachineWhenNoServerIsNamed) {
    EXPECT_THAT(parse_resolver_config("").servers, ElementsAre("127.0.0.1"));
}

TEST(Dns, AsksBelowTheSearchDomainsFirstForShortNames) {
    const ResolverConfig config{.servers = {}, .search = {"a.example"}, .dots = 1};
    EXPECT_THAT(candidate_names(config, "git"), ElementsAre("git.a.example", "git"));
    EXPECT_THAT(candidate_names(config, "git.b"), ElementsAre("git.b", "git.b.a.example"));
    EXPECT_THAT(candidate_names(config, "git."), ElementsAre("git"));
}

TEST(Dns, FindsANameInHosts) {
    constexpr const char* kText = "127.0.0.1 localhost\n10.1.2.3\tregistry other # git\n";
    EXPECT_EQ(address_in_hosts(kText, "other"), "10.1.2.3");
    EXPECT_EQ(address_in_hosts(kText, "10.1.2.3"), "");
    EXPECT_EQ(address_in_hosts(kText, "git"), "");
}

TEST(Dns, WritesAQuery) {
    EXPECT_EQ(dns_query("a.bc", kTypeA, 0x1234),
              "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01"
              "a\x02"
              "bc\0\0\x01\0\x01"s);
    EXPECT_EQ(dns_query("a..b", kTypeA, 1), "");
    EXPECT_EQ(dns_query(std::string(64, 'x'), kTypeA, 1), "");
}

/// The question is "a", the answers are a CNAME and an address.
std::string answer() {
    return "\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0"
           "\x01"
           "a\0\0\x01\0\x01"
           "\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x03\x01"
           "b\0"
           "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\x01\x02\x03"s;
}

TEST(Dns, ReadsTheAddressesOfAnAnswer) {
    const auto parsed = parse_dns_answer(answer(), 0x1234);
    EXPECT_TRUE(parsed.valid);
    EXPECT_EQ(parsed.code, 0);
    EXPECT_THAT(parsed.addresses, ElementsAre("10.1.2.3"));
}

TEST(Dns, SurvivesAnswersThatAreCut) {
    const std::string whole = answer();
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THAT(parse_dns_answer(std::string_view(whole).substr(0, size), 0x1234).addresses,
                    IsEmpty());
}

TEST(Dns, IgnoresAnswersToOtherQueries) {
    EXPECT_FALSE(parse_dns_answer(answer(), 0x1235).valid);
    std::string query = answer();
    query[2] = '\x01';
    EXPECT_FALSE(parse_dns_answer(query, 0x1234).valid);
}

TEST(Dns, TakesAnAddressAsItIs) {
    EXPECT_THAT(resolve_name("10.0.0.1").addresses, ElementsAre("10.0.0.1"));
    EXPECT_THAT(resolve_name("fd00::1").addresses, ElementsAre("fd00::1"));
    EXPECT_THAT(resolve_name("localhost").addresses, ElementsAre("127.0.0.1"));
}

}  // namespace
}  // namespace executors::helper
