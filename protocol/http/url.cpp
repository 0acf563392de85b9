#include "protocol/http/url.hpp"

#include <algorithm>
#include <vector>

#include "base/parse.hpp"
#include "base/strings.hpp"

namespace protocol::http {

namespace {

std::uint16_t default_port(Scheme scheme) { return scheme == Scheme::kHttps ? 443 : 80; }

std::string_view scheme_text(Scheme scheme) {
    switch (scheme) {
        case Scheme::kHttp: return "http";
        case Scheme::kHttps: return "https";
        case Scheme::kUnix: return "unix";
    }
    return "http";
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

base::Error bad_url(std::string_view text, std::string_view why) {
    const auto at = text.rfind('@');
    const std::string shown =
        at == std::string_view::npos ? std::string(text) : "…" + std::string(text.substr(at));
    return base::make_error(base::ErrorKind::kInvalidInput,
                            "the address \"" + shown + "\" cannot be used: " + std::string(why));
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

/// Parses "host", "host:port", "[v6]" or "[v6]:port" into `origin`; answers what is wrong, or "".
std::string_view read_authority(std::string_view authority, Origin& origin) {
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return "the bracket of the IPv6 address is not closed";
        origin.host = std::string(authority.substr(1, end - 1));
        port = authority.substr(end + 1);
        if (!port.empty() && port.front() != ':')
            return "behind the bracket only a port may follow";
    } else {
        const auto colon = authority.find(':');
        origin.host = std::string(authority.substr(0, colon));
        if (colon != std::string_view::npos) port = authority.substr(colon);
    }
    origin.host = base::to_lower(origin.host);
    if (origin.host.empty()) return "it names no host";
    origin.port = default_port(origin.scheme);
    if (port.size() <= 1) return {};
    origin.port = base::parse_number<std::uint16_t>(port.substr(1)).value_or(0);
    if (origin.port == 0) return "the port is not a number from 1 to 65535";
    return {};
}

/// RFC 3986 §5.2.4.
std::string without_dot_segments(std::string_view path) {
    std::vector<std::string> kept;
    const auto parts = base::split(path, '/');
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const bool last = i + 1 == parts.size();
        if (parts[i] == "..") {
            if (!kept.empty()) kept.pop_back();
        } else if (parts[i] != ".") {
            kept.push_back(parts[i]);
            continue;
        }
        if (last) kept.emplace_back();
    }
    return "/" + base::join(kept, "/");
}

}  // namespace

std::string Origin::authority() const {
    if (scheme == Scheme::kUnix) return "localhost";
    if (port == default_port(scheme)) return bracketed(host);
    return bracketed(host) + ":" + std::to_string(port);
}

std::string Origin::address() const {
    return scheme == Scheme::kUnix ? path : bracketed(host) + ":" + std::to_string(port);
}

std::string Origin::text() const { return std::string(scheme_text(scheme)) + "://" + address(); }

base::Result<Url> parse_url(std::string_view text) {
    const auto colon = text.find("://");
    if (colon == std::string_view::npos)
        return bad_url(text, "it does not begin with http:// or https://");
    const std::string scheme = base::to_lower(text.substr(0, colon));
    std::string_view rest = text.substr(colon + 3);
    Url url;
    if (scheme == "unix") {
        url.origin.scheme = Scheme::kUnix;
        url.origin.path = std::string(rest);
        url.target = "/";
        if (!rest.starts_with('/')) return bad_url(text, "the path of a unix socket is absolute");
        return url;
    }
    if (scheme != "http" && scheme != "https") {
        return bad_url(text, "only http, https and unix are spoken");
    }
    url.origin.scheme = scheme == "https" ? Scheme::kHttps : Scheme::kHttp;
    rest = rest.substr(0, rest.find('#'));
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    const std::string_view target = rest.substr(authority.size());
    if (authority.find('@') != std::string_view::npos) {
        return bad_url(text, "it holds a user name or a password");
    }
    if (!is_printable(rest)) return bad_url(text, "it holds a space or a control character");
    const std::string_view wrong = read_authority(authority, url.origin);
    if (!wrong.empty()) return bad_url(text, wrong);
    url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
    return url;
}

base::Result<Url> resolve_reference(const Url& from, std::string_view reference) {
    reference = reference.substr(0, reference.find('#'));
    if (!is_printable(reference))
        return bad_url(reference, "it holds a space or a control character");
    const auto scheme_end = reference.find(':');
    if (scheme_end != std::string_view::npos && scheme_end < reference.find_first_of("/?")) {
        return parse_url(reference);
    }
    if (reference.starts_with("//")) {
        return parse_url(std::string(scheme_text(from.origin.scheme)) + ":" +
                         std::string(reference));
    }
    Url url = from;
    const std::string_view base_path =
        std::string_view(from.target).substr(0, from.target.find('?'));
    const std::string_view path = reference.substr(0, reference.find('?'));
    const std::string_view query = reference.substr(path.size());
    if (path.starts_with('/')) {
        url.target = without_dot_segments(path) + std::string(query);
    } else if (!path.empty()) {
        const std::string folder(base_path.substr(0, base_path.rfind('/') + 1));
        url.target = without_dot_segments(folder + std::string(path)) + std::string(query);
    } else if (!query.empty()) {
        url.target = std::string(base_path) + std::string(query);
    }
    return url;
}

}  // namespace protocol::http
