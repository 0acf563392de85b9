#include "protocol/http/websocket.hpp"

#include <algorithm>
#include <utility>

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "protocol/http/router.hpp"

namespace protocol::http {

namespace {

constexpr std::uint8_t kContinuation = 0;
constexpr std::size_t kMaxControl = 125;
constexpr std::size_t kMaskBytes = 4;
/// RFC 6455, section 1.3.
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The words of all header fields of the name, which are divided by commas.
std::vector<std::string> words_of(const Headers& headers, std::string_view name) {
    std::vector<std::string> words;
    for (const auto& [field, value] : headers.all()) {
        if (base::to_lower(field) != base::to_lower(std::string(name))) continue;
        for (const auto& word : base::split(value, ',')) {
            const std::string_view text = base::trim(word);
            if (!text.empty()) words.emplace_back(text);
        }
    }
    return words;
}

bool has_word(const Headers& headers, std::string_view name, std::string_view wanted) {
    const auto words = words_of(headers, name);
    return std::any_of(words.begin(), words.end(), [wanted](const std::string& word) {
        return base::to_lower(word) == wanted;
    });
}

bool is_control(std::uint8_t opcode) { return opcode >= 8; }

bool is_known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = (value << 8U) | static_cast<std::uint8_t>(c);
    return value;
}

void append_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

}  // namespace

bool asks_for_websocket(const Request& request) {
    return request.method == "GET" && has_word(request.headers, "Connection", "upgrade") &&
           has_word(request.headers, "Upgrade", "websocket");
}

Response websocket_answer(const Request& request, const std::vector<std::string_view>& known) {
    const std::string key(base::trim(request.headers.get("Sec-WebSocket-Key")));
    if (request.headers.get("Sec-WebSocket-Version") != "13") {
        Response other = text_response(426, "This server speaks version 13 of WebSocket.\n");
        other.headers.set("Sec-WebSocket-Version", "13");
        return other;
    }
    const auto nonce = base::base64_decode(key);
    if (!nonce || nonce->size() != 16) {
        return text_response(400, "Sec-WebSocket-Key is not 16 bytes in base64.\n");
    }
    Response answer;
    answer.status = 101;
    answer.headers.set("Upgrade", "websocket");
    answer.headers.set("Connection", "Upgrade");
    const auto digest = base::from_hex(base::sha1_hex(key + std::string(kGuid)));
    answer.headers.set("Sec-WebSocket-Accept", base::base64_encode(digest.value_or("")));
    for (const auto& wish : words_of(request.headers, "Sec-WebSocket-Protocol")) {
        if (std::find(known.begin(), known.end(), wish) == known.end()) continue;
        answer.headers.set("Sec-WebSocket-Protocol", wish);
        break;
    }
    return answer;
}

std::string_view chosen_subprotocol(const Response& answer) {
    return answer.headers.get("Sec-WebSocket-Protocol");
}

std::string websocket_frame(WebSocketKind kind, std::string_view payload) {
    std::string frame;
    frame.reserve(payload.size() + 10);
    frame += static_cast<char>(0x80U | static_cast<std::uint8_t>(kind));
    if (payload.size() < 126) {
        frame += static_cast<char>(payload.size());
    } else if (payload.size() <= 0xffffU) {
        frame += static_cast<char>(126);
        append_big_endian(frame, payload.size(), 2);
    } else {
        frame += static_cast<char>(127);
        append_big_endian(frame, payload.size(), 8);
    }
    frame += payload;
    return frame;
}

std::string websocket_close(WebSocketEnd code, std::string_view reason) {
    std::string payload;
    append_big_endian(payload, static_cast<std::uint16_t>(code), 2);
    payload += reason.substr(0, kMaxControl - payload.size());
    return websocket_frame(WebSocketKind::kClose, payload);
}

base::Error WebSocketReader::fail(WebSocketEnd end, std::string why) {
    end_ = end;
    return base::make_error(base::ErrorKind::kProtocol, std::move(why));
}

base::Result<WebSocketReader::Header> WebSocketReader::read_header() const {
    const std::string_view bytes = unread_;
    Header header;
    if (bytes.size() < 2) return header;
    header.last = (byte_at(bytes, 0) & 0x80U) != 0;
    header.opcode = byte_at(bytes, 0) & 0x0fU;
    if ((byte_at(bytes, 0) & 0x70U) != 0)
        return base::make_error(base::ErrorKind::kProtocol, "a frame of an unknown extension");
    if ((byte_at(bytes, 1) & 0x80U) == 0)
        return base::make_error(base::ErrorKind::kProtocol, "a frame of a client without mask");
    const std::uint8_t length = byte_at(bytes, 1) & 0x7fU;
    const std::size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (bytes.size() < 2 + extended + kMaskBytes) return header;
    header.length = extended == 0 ? length : big_endian(bytes.substr(2, extended));
    header.size = 2 + extended + kMaskBytes;
    return header;
}

base::Result<void> WebSocketReader::check(const Header& header) {
    if (!is_known(header.opcode)) {
        return fail(WebSocketEnd::kProtocolError, "a frame of an unknown kind");
    }
    if (is_control(header.opcode)) {
        if (header.last && header.length <= kMaxControl) return {};
        return fail(WebSocketEnd::kProtocolError, "a control frame that is too long or cut");
    }
    if ((header.opcode == kContinuation) != (fragmented_ != 0)) {
        return fail(WebSocketEnd::kProtocolError, "a fragment without its message, or between two");
    }
    if (header.length > max_bytes_ - fragments_.size()) {
        return fail(WebSocketEnd::kTooLarge, "a message is too large");
    }
    return {};
}

std::string WebSocketReader::payload_of(const Header& header) const {
    const std::string_view mask =
        std::string_view(unread_).substr(header.size - kMaskBytes, kMaskBytes);
    std::string payload = unread_.substr(header.size, static_cast<std::size_t>(header.length));
    for (std::size_t i = 0; i < payload.size(); ++i) {
        payload[i] = static_cast<char>(byte_at(payload, i) ^ byte_at(mask, i % kMaskBytes));
    }
    return payload;
}

base::Result<std::vector<WebSocketMessage>> WebSocketReader::feed(std::string_view bytes) {
    unread_ += bytes;
    std::vector<WebSocketMessage> messages;
    while (true) {
        const auto header = read_header();
        if (!header) return fail(WebSocketEnd::kProtocolError, header.error().message);
        if (header->size == 0) return messages;
        // Before the payload has come: a frame that is too large is not kept.
        if (auto right = check(*header); !right) return right.error();
        if (unread_.size() < header->size + header->length) return messages;
        std::string payload = payload_of(*header);
        unread_.erase(0, header->size + payload.size());
        if (is_control(header->opcode)) {
            messages.push_back({static_cast<WebSocketKind>(header->opcode), std::move(payload)});
            continue;
        }
        if (header->opcode != kContinuation) fragmented_ = header->opcode;
        fragments_ += payload;
        if (!header->last) continue;
        messages.push_back({static_cast<WebSocketKind>(std::exchange(fragmented_, 0)),
                            std::exchange(fragments_, std::string())});
    }
}

}  // namespace protocol::http
