#include "executors/helper/dns.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestLabel = 63;
constexpr std::uint16_t kPort = 53;
constexpr int kTries = 2;
constexpr int kAnswerMs = 2000;
constexpr std::size_t kConfigLimit = 64U << 10U;
constexpr int kNoSuchName = 3;

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : line) {
        if (c == '#' || c == ';') break;
        if (c != ' ' && c != '\t' && c != '\r') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::exchange(word, {}));
        }
    }
    if (!word.empty()) words.push_back(word);
    return words;
}

bool is_address(const std::string& text) {
    in6_addr ignored{};
    return ::inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

unsigned number_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8U |
           static_cast<unsigned char>(bytes[at + 1]);
}

/// The position behind a name, npos when the message ends in it.
std::size_t skip_name(std::string_view bytes, std::size_t at) {
    while (at < bytes.size()) {
        const auto length = static_cast<unsigned char>(bytes[at]);
        if (length == 0) return at + 1;
        if (length >= 0xc0U) return at + 2;  // the rest of the name stands elsewhere
        at += length + 1U;
    }
    return std::string_view::npos;
}

struct ServerAddress {
    sockaddr_storage address{};
    socklen_t size = 0;
};

ServerAddress server_address(const std::string& text) {
    ServerAddress out;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(kPort);
        std::memcpy(&out.address, &v4, sizeof v4);
        out.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(kPort);
        std::memcpy(&out.address, &v6, sizeof v6);
        out.size = sizeof v6;
    }
    return out;
}

DnsAnswer ask_once(const UniqueFd& socket, const std::string& query, std::uint16_t id) {
    if (::send(socket.get(), query.data(), query.size(), 0) < 0) return {};
    pollfd waiting{socket.get(), POLLIN, 0};
    char buffer[4096];
    while (::poll(&waiting, 1, kAnswerMs) == 1) {
        const ssize_t size = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (size < 0) return {};
        auto answer = parse_dns_answer({buffer, static_cast<std::size_t>(size)}, id);
        if (answer.valid) return answer;
    }
    return {};
}

DnsAnswer ask(const std::string& server, const std::string& name, std::uint16_t type) {
    const ServerAddress target = server_address(server);
    const auto id = static_cast<std::uint16_t>(now_us());
    const std::string query = dns_query(name, type, id);
    if (target.size == 0 || query.empty()) return {};
    const UniqueFd socket(::socket(target.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
    if (!socket || ::connect(socket.get(), address, target.size) != 0) return {};
    DnsAnswer answer;
    for (int i = 0; i < kTries && !answer.valid; ++i) answer = ask_once(socket, query, id);
    return answer;
}

/// Not valid when the server does not answer, or has failed itself.
DnsAnswer ask_server(const std::string& server, const std::vector<std::string>& names) {
    DnsAnswer answer;
    for (const auto& name : names) {
        for (const auto type : {kTypeA, kTypeAaaa}) {
            answer = ask(server, name, type);
            answer.valid = answer.valid && (answer.code == 0 || answer.code == kNoSuchName);
            if (!answer.valid || !answer.addresses.empty()) return answer;
        }
    }
    return answer;
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

}  // namespace

ResolverConfig parse_resolver_config(std::string_view text) {
    ResolverConfig config;
    for (const auto& line : split_text(text, '\n')) {
        const auto words = words_of(line);
        if (words.size() < 2) continue;
        if (words[0] == "nameserver") config.servers.push_back(words[1]);
        if (words[0] == "search" || words[0] == "domain")
            config.search.assign(words.begin() + 1, words.end());
        if (words[0] != "options") continue;
        for (const auto& word : words) {
            if (word.rfind("ndots:", 0) == 0)
                config.dots = static_cast<unsigned>(std::strtoul(word.c_str() + 6, nullptr, 10));
        }
    }
    if (config.servers.empty()) config.servers.emplace_back("127.0.0.1");  // resolv.conf(5)
    return config;
}

std::vector<std::string> candidate_names(const ResolverConfig& config, const std::string& name) {
    if (!name.empty() && name.back() == '.') return {name.substr(0, name.size() - 1)};
    std::vector<std::string> names;
    for (const auto& domain : config.search) names.push_back(name + "." + domain);
    const auto dots = static_cast<unsigned>(std::count(name.begin(), name.end(), '.'));
    names.insert(dots >= config.dots ? names.begin() : names.end(), name);
    return names;
}

std::string address_in_hosts(std::string_view text, std::string_view name) {
    for (const auto& line : split_text(text, '\n')) {
        const auto words = words_of(line);
        if (std::find(words.begin() + (words.empty() ? 0 : 1), words.end(), name) != words.end())
            return words.front();
    }
    return {};
}

std::string dns_query(const std::string& name, std::uint16_t type, std::uint16_t id) {
    std::string query;
    const auto add = [&query](unsigned value) {
        query.push_back(static_cast<char>(value >> 8U & 0xffU));
        query.push_back(static_cast<char>(value & 0xffU));
    };
    for (const unsigned value : {unsigned{id}, 0x0100U, 1U, 0U, 0U, 0U}) add(value);
    for (const auto& label : split_text(name, '.')) {
        if (label.empty() || label.size() > kLongestLabel) return {};
        query.push_back(static_cast<char>(label.size()));
        query += label;
    }
    query.push_back('\0');
    add(type);
    add(1);  // class IN
    return query;
}

DnsAnswer parse_dns_answer(std::string_view bytes, std::uint16_t id) {
    DnsAnswer answer;
    if (bytes.size() < kHeader || number_at(bytes, 0) != id) return answer;
    if ((number_at(bytes, 2) & 0x8000U) == 0) return answer;
    answer.valid = true;
    answer.code = static_cast<int>(number_at(bytes, 2) & 0xfU);
    std::size_t at = kHeader;
    for (unsigned i = number_at(bytes, 4); i > 0 && at < bytes.size(); --i)
        at = std::min(skip_name(bytes, at), bytes.size()) + 4;
    for (unsigned i = number_at(bytes, 6); i > 0 && at < bytes.size(); --i) {
        at = std::min(skip_name(bytes, at), bytes.size());
        if (at + 10 > bytes.size()) break;
        const unsigned type = number_at(bytes, at);
        const unsigned size = number_at(bytes, at + 8);
        at += 10;
        if (at + size > bytes.size()) break;
        char text[INET6_ADDRSTRLEN] = "";
        if (type == kTypeA && size == sizeof(in_addr))
            ::inet_ntop(AF_INET, bytes.data() + at, text, sizeof text);
        if (type == kTypeAaaa && size == sizeof(in6_addr))
            ::inet_ntop(AF_INET6, bytes.data() + at, text, sizeof text);
        if (*text != '\0') answer.addresses.emplace_back(text);
        at += size;
    }
    return answer;
}

Resolution resolve_name(const std::string& name) {
    if (is_address(name)) return {{name}, {}};
    const auto local = address_in_hosts(read_file_end("/etc/hosts", kConfigLimit), name);
    if (!local.empty()) return {{local}, {}};
    const auto config = parse_resolver_config(read_file_end("/etc/resolv.conf", kConfigLimit));
    bool answered = false;
    for (const auto& server : config.servers) {
        auto found = ask_server(server, candidate_names(config, name));
        answered = answered || found.valid;
        if (!found.addresses.empty()) return {std::move(found.addresses), {}};
    }
    const std::string servers = join(config.servers);
    if (answered) return {{}, "the DNS server " + servers + " does not know the name"};
    return {{}, "no answer from the DNS server " + servers};
}

}  // namespace executors::helper
