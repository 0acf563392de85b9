#include "executors/docker/docker_reference.hpp"

#include <algorithm>
#include <cctype>

#include "base/strings.hpp"

namespace executors::docker {

namespace {

bool is_hex(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
    });
}

bool is_name_char(unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '/' || c == ':';
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
        if (reference.digest.find(':') == std::string::npos) return bad_reference(text);
    }
    const auto slash = rest.rfind('/');
    const auto colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
    if (colon != std::string_view::npos) {
        reference.tag = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
        if (reference.tag.empty()) return bad_reference(text);
    }
    if (rest.empty() || rest.front() == '/' || rest.back() == '/' || rest.front() == '-' ||
        !std::all_of(rest.begin(), rest.end(), is_name_char)) {
        return bad_reference(text);
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
    if (reference.path.empty() || base::to_lower(reference.path) != reference.path) {
        return bad_reference(text);
    }
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
