#include "protocol/http/message.hpp"

#include "base/strings.hpp"

namespace protocol::http {

void Headers::set(std::string name, std::string value) {
    remove(name);
    add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [&](const auto& field) { return base::iequals(field.first, name); });
}

std::string_view Headers::get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (base::iequals(key, name)) return value;
    }
    return {};
}

bool Headers::has(std::string_view name) const {
    for (const auto& field : fields_) {
        if (base::iequals(field.first, name)) return true;
    }
    return false;
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 101: return "Switching Protocols";
        case 200: return "OK";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 413: return "Payload Too Large";
        case 423: return "Locked";
        case 426: return "Upgrade Required";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        default: return "Status";
    }
}

}  // namespace protocol::http
