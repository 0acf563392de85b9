// URLs, HTTP messages and proxy settings. The result of a message must not depend on the pieces in
// which its bytes arrive.

#include <string>

#include "protocol/http/message_reader.hpp"
#include "protocol/http/proxy.hpp"
#include "protocol/http/url.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace protocol::http;
using tests::fuzz::require;

/// A parsed message as a text that can be compared.
std::string shown(const Headers& headers, const std::string& body) {
    std::string text;
    for (const auto& [name, value] : headers.all()) text += name + "=" + value + "\n";
    return text + "\n" + body;
}

/// Feeds `bytes` in steps, and keeps those that the reader does not consume, as a connection does.
/// Returns false when the reader refuses the message.
template <typename Reader>
bool feed(Reader& reader, std::string_view bytes, std::size_t step) {
    std::string held;
    while (!bytes.empty() && !reader.done()) {
        const std::size_t count = std::min(step, bytes.size());
        held += bytes.substr(0, count);
        bytes.remove_prefix(count);
        for (;;) {
            const auto used = reader.feed(held);
            if (!used) return false;
            require(*used <= held.size(), "no more is used than was given");
            if (*used == 0) break;
            held.erase(0, *used);
            if (held.empty() || reader.done()) break;
        }
    }
    return true;
}

/// Returns "" when there is no complete message. Depending on the pieces, a bad message is refused
/// at once or found to be incomplete at its end, so both give the same result.
std::string read_response(std::string_view bytes, std::size_t step) {
    ResponseReader reader(false);
    reader.set_body_limit(1 << 20);
    if (!feed(reader, bytes, step)) return {};
    if (!reader.feed_end()) return {};
    return std::to_string(reader.head().status) + reader.head().reason +
           shown(reader.head().headers, reader.body());
}

std::string read_request(std::string_view bytes, std::size_t step) {
    RequestReader reader(8192, 1 << 20);
    if (!feed(reader, bytes, step)) return {};
    if (!reader.done()) return {};
    const Request request = reader.take();
    return request.method + request.target + shown(request.headers, request.body);
}

void check_url(std::string_view text) {
    const auto url = parse_url(text);
    if (!url) return;
    require(
        !url->target.empty() && (url->origin.scheme == Scheme::kUnix || url->target.front() == '/'),
        "a target begins with a slash");
    require(url->target.find_first_of(" \r\n\t") == std::string::npos, "a target is one word");
    require(url->origin.authority().find_first_of(" \r\n\t/") == std::string::npos,
            "a host is one word");
    if (url->origin.scheme == Scheme::kUnix) return;
    const auto again = parse_url(url->origin.text() + url->target);
    require(again.has_value() && again->origin == url->origin && again->target == url->target,
            "an address stays the same when it is read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = tests::fuzz::as_text(data, size);
    const std::string_view line = text.substr(0, text.find('\n'));
    check_url(line);
    if (const auto from = parse_url("http://host:8080/a/b?c=d")) {
        if (const auto to = resolve_reference(*from, line)) {
            require(to->target.find_first_of(" \r\n\t") == std::string::npos,
                    "a target is one word");
        }
    }
    const auto lookup = [&](const char* name) {
        return std::string_view(name) == "http_proxy" ? std::string("http://proxy:1")
                                                      : std::string(line);
    };
    if (const auto proxies = ProxySettings::from_environment(lookup)) {
        static_cast<void>(proxies->choose({Scheme::kHttp, "sub.host.net", 80, {}}));
    }
    require(read_response(text, text.size() + 1) == read_response(text, 1),
            "an answer does not depend on its pieces");
    require(read_request(text, text.size() + 1) == read_request(text, 1),
            "a request does not depend on its pieces");
    return 0;
}
