#include "runner/interactive/address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace runner::interactive {
namespace {

struct Right {
    std::string listen;
    std::string advertise;
    std::string host;
    std::uint16_t port;
    std::string advertised;
    std::string certificate_host;
};

TEST(SessionAddress, TellsWhereItListensAndHowItIsReached) {
    const std::vector<Right> table{
        {"0.0.0.0:8093", "runner.example.com:8093", "0.0.0.0", 8093, "runner.example.com:8093",
         "runner.example.com"},
        {":8093", "10.0.0.7:443", "", 8093, "10.0.0.7:443", "10.0.0.7"},
        {"[::]:8093", "[2001:db8::1]:8093", "::", 8093, "[2001:db8::1]:8093", "2001:db8::1"},
        {"10.0.0.7:8093", "", "10.0.0.7", 8093, "10.0.0.7:8093", "10.0.0.7"},
        {":0", "runner.example.com", "", 0, "runner.example.com", "runner.example.com"},
    };
    for (const auto& row : table) {
        const auto found = read_addresses(row.listen, row.advertise);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->listen_host, row.host);
        EXPECT_EQ(found->listen_port, row.port);
        EXPECT_EQ(found->advertised, row.advertised);
        EXPECT_EQ(found->certificate_host, row.certificate_host);
    }
}

TEST(SessionAddress, NamesTheKeyAndTheRemedy) {
    const std::vector<std::vector<std::string>> table{
        {"8093", "a:1", "listen_address \"8093\"", "write host:port"},
        {"a:port", "a:1", "listen_address", "write host:port"},
        {"a:65536", "a:1", "listen_address", "write host:port"},
        {":8093", "", "listen_address \":8093\"", "set advertise_address"},
        {"0.0.0.0:8093", "", "listen_address", "set advertise_address"},
        {":8093", "[::]:8093", "advertise_address", "set advertise_address"},
        {":8093", "https://a:1", "advertise_address", "has a scheme"},
        {":8093", "a:1/path", "advertise_address", "write host:port"},
        {":8093", "::1:8093", "advertise_address", "write host:port"},
        {":8093", "a b:8093", "advertise_address", "write host:port"},
    };
    for (const auto& row : table) {
        const auto found = read_addresses(row[0], row[1]);
        ASSERT_FALSE(found) << row[0] << " " << row[1];
        EXPECT_NE(found.error().message.find(row[2]), std::string::npos) << found.error().message;
        EXPECT_NE(found.error().message.find(row[3]), std::string::npos) << found.error().message;
    }
}

}  // namespace
}  // namespace runner::interactive
