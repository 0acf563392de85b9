#include "executors/docker/docker_reference.hpp"

#include <algorithm>
#include <cctype>

#include "base/strings.hpp"

namespace executors::docker {

namespace {

/// The engine's limit for a path, and more than host, path, tag and digest have together.
constexpr std::size_t kMostPathBytes = 255;
constexpr std::size_t kMostBytes = 1024;

bool is_hex(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
    });
}

bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool is_host(std::string_view text) {
    return !text.empty() && (is_alnum(text.front()) || text.front() == '[') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_alnum(c) || std::string_view("._-:[]").find(c) != std::string_view::npos;
           });
}

/// One part of a path: small letters and digits, with separators between them.
bool is_path_part(std::string_view part) {
    return !part.empty() && is_alnum(part.front()) && is_alnum(part.back()) &&
           part.find("..") == std::string_view::npos &&
           std::all_of(part.begin(), part.end(), [](char c) {
               return (is_alnum(c) && (c < 'A' || c > 'Z')) || c == '.' || c == '_' || c == '-';
           });
}

bool is_path(std::string_view text) {
    if (text.size() > kMostPathBytes) return false;
    const auto parts = base::split(text, '/');
    return std::all_of(parts.begin(), parts.end(), is_path_part);
}

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_digest(std::string_view text) {
    const auto colon = text.find(':');
    return colon != std::string_view::npos && colon > 0 && text.size() > colon + 32 &&
           is_hex(text.substr(colon + 1));
}

/// The first part is a registry when it looks like a host: a dot, a port, "localhost", or capitals.
bool looks_like_host(std::string_view part) {
    return part.find_first_of(".:") != std::string_view::npos || part == "localhost" ||
           base::to_lower(part) != part;
}

base::Error bad_reference(std::string_view text) {
    return base::make_error(base::ErrorKind::kInvalidInput,
                            "\"" + std::string(text) + "\" is not a valid image name");
}

}  // namespace

std::string DockerReference::pull_tag() const {
    if (!digest.empty()) return digest;
    return tag.empty() ? "latest" : tag;
}

base::Result<DockerReference> parse_reference(std::string_view text) {
    // Not quoted: a part of it could show a part of a masked value.
    if (text.size() > kMostBytes) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "a text of " + std::to_string(text.size()) +
                                    " bytes is not a valid image name: it may have " +
                                    std::to_string(kMostBytes));
    }
    DockerReference reference;
    const bool bare_id = text.size() == 64 && is_hex(text);
    if (bare_id || (text.starts_with("sha256:") && text.size() == 71 && is_hex(text.substr(7)))) {
        reference.is_id = true;
        reference.name = text;
        return reference;
    }
    std::string_view rest = text;
    if (const auto at = rest.find('@'); at != std::string_view::npos) {
        reference.digest = rest.substr(at + 1);
        rest = rest.substr(0, at);
        if (!is_digest(reference.digest)) return bad_reference(text);
    }
    const auto slash = rest.rfind('/');
    const auto colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
    if (colon != std::string_view::npos) {
        reference.tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
        if (!is_tag(reference.tag)) return bad_reference(text);
    }
    reference.name = rest;
    const auto first = rest.find('/');
    if (first != std::string_view::npos && looks_like_host(rest.substr(0, first))) {
        reference.host = base::to_lower(rest.substr(0, first));
        reference.path = rest.substr(first + 1);
    } else {
        reference.host = "docker.io";
        reference.path = rest;
    }
    if (reference.host == "index.docker.io") reference.host = "docker.io";
    if (reference.host == "docker.io" && reference.path.find('/') == std::string::npos) {
        reference.path = "library/" + reference.path;
    }
    if (!is_host(reference.host) || !is_path(reference.path)) return bad_reference(text);
    return reference;
}

ServiceNames service_names(std::string_view image) {
    std::string_view name = image.substr(0, image.find('@'));
    ServiceNames names;
    names.version = "latest";
    const auto slash = name.rfind('/');
    const auto colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
    if (colon != std::string_view::npos) {
        names.version = name.substr(colon + 1);
        name = name.substr(0, colon);
    }
    std::string host(name);
    if (const auto first = host.find('/'); first != std::string::npos) {
        const auto port = host.find(':');
        if (port != std::string::npos && port < first) host.erase(port, first - port);
    }
    std::string wide;
    for (const char c : host) {
        if (c == '/') {
            wide += "__";
        } else {
            wide += c;
        }
    }
    std::string narrow = host;
    std::replace(narrow.begin(), narrow.end(), '/', '-');
    names.slug = wide;
    names.aliases.push_back(wide);
    if (narrow != wide) names.aliases.push_back(narrow);
    return names;
}

}  // namespace executors::docker
