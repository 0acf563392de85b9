#include "base/ip_address.hpp"

#include <gtest/gtest.h>

namespace {

using base::is_ip_address;

TEST(IpAddress, IsIpv4OrIpv6) {
    for (const char* text : {"127.0.0.1", "::1", "fd00::1:2", "::ffff:1.2.3.4"}) {
        EXPECT_TRUE(is_ip_address(text)) << text;
    }
    for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "256.1.1.1"}) {
        EXPECT_FALSE(is_ip_address(text)) << text;
    }
}

}  // namespace
