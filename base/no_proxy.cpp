#include "base/no_proxy.hpp"

#include <set>
#include <string_view>

namespace base {

namespace {

template <typename F>
void for_each_host(std::string_view list, F f) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        std::string_view host = list.substr(0, comma);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        while (host.starts_with(' ')) host.remove_prefix(1);
        while (host.ends_with(' ')) host.remove_suffix(1);
        if (!host.empty()) f(host);
    }
}

}  // namespace

std::string complete_no_proxy(const std::string& value, const std::string& more) {
    std::set<std::string_view> known;
    for_each_host(value, [&](std::string_view host) { known.insert(host); });
    std::string completed = value;
    if (known.count("*") != 0) return completed;
    for_each_host(more, [&](std::string_view host) {
        if (!known.insert(host).second) return;
        if (!completed.empty() && completed.back() != ',') completed += ',';
        completed += host;
    });
    return completed;
}

}  // namespace base
