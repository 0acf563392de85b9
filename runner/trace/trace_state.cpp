#include "runner/trace/trace_state.hpp"

#include <stdexcept>

#include "base/json.hpp"

namespace runner::trace {

namespace {

using nlohmann::json;

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text.push_back(kDigits[byte >> 4U]);
        text.push_back(kDigits[byte & 15U]);
    }
    return text;
}

unsigned digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    throw std::invalid_argument("not a hex digit");
}

std::string from_hex(const std::string& text) {
    if (text.size() % 2 != 0) throw std::invalid_argument("half a byte");
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<char>(digit(text[i]) << 4U | digit(text[i + 1])));
    }
    return bytes;
}

json encode(const ChannelState& channel) {
    const auto& masker = channel.masker;
    return {{"path", to_hex(masker.path)},
            {"url", to_hex(masker.url_path)},
            {"held", to_hex(masker.held)},
            {"run", masker.run},
            {"run_bytes", masker.run_bytes},
            {"announced", masker.announced},
            {"marks", masker.marks},
            {"utf8", to_hex(channel.repair)},
            {"line", to_hex(channel.framing.partial)},
            {"line_us", channel.framing.partial_micros},
            {"continues", channel.framing.continues}};
}

ChannelState decode(const json& item) {
    ChannelState channel;
    channel.masker.path = from_hex(item.at("path"));
    channel.masker.url_path = from_hex(item.at("url"));
    channel.masker.held = from_hex(item.at("held"));
    channel.masker.run = item.at("run");
    channel.masker.run_bytes = item.at("run_bytes");
    channel.masker.announced = item.at("announced");
    channel.masker.marks = item.at("marks").get<decltype(channel.masker.marks)>();
    channel.repair = from_hex(item.at("utf8"));
    channel.framing.partial = from_hex(item.at("line"));
    channel.framing.partial_micros = item.at("line_us");
    channel.framing.continues = item.at("continues");
    return channel;
}

}  // namespace

std::string encode_state(const TraceState& state) {
    json text{{"channels", json::object()}};
    if (state.limit_reached_at) text["limit_reached_at"] = *state.limit_reached_at;
    for (const auto& [place, channel] : state.channels) {
        text["channels"][std::to_string(place)] = encode(channel);
    }
    return text.dump();
}

base::Result<TraceState> decode_state(const std::string& text) {
    try {
        const auto parsed = json::parse(text);
        TraceState state;
        if (parsed.contains("limit_reached_at"))
            state.limit_reached_at = parsed["limit_reached_at"];
        for (const auto& [place, channel] : parsed.at("channels").items()) {
            state.channels.emplace_back(std::stoul(place), decode(channel));
        }
        return state;
    } catch (const std::exception& failure) {
        return base::make_error(
            base::ErrorKind::kInvalidInput,
            std::string("the saved state of the job log cannot be read: ") + failure.what());
    }
}

}  // namespace runner::trace
