#include "base/ip_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace base {

bool is_ip_address(const std::string& text) {
    in6_addr scratch{};
    return ::inet_pton(AF_INET, text.c_str(), &scratch) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &scratch) == 1;
}

}  // namespace base
