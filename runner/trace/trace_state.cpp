#include "runner/trace/trace_state.hpp"

#include <stdexcept>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace runner::trace {

namespace {

using nlohmann::json;

std::string bytes_of(const std::string& hex) {
    auto bytes = base::from_hex(hex);
    if (!bytes) throw std::invalid_argument("bytes that are not in hex");
    return std::move(*bytes);
}

json encode(const ChannelState& channel) {
    const auto& masker = channel.masker;
    return {{"path", base::to_hex(masker.path)},
            {"url", base::to_hex(masker.url_path)},
            {"held", base::to_hex(masker.held)},
            {"run", masker.run},
            {"run_bytes", masker.run_bytes},
            {"announced", masker.announced},
            {"marks", masker.marks},
            {"utf8", base::to_hex(channel.repair)},
            {"line", base::to_hex(channel.framing.partial)},
            {"line_us", channel.framing.partial_micros},
            {"continues", channel.framing.continues}};
}

ChannelState decode(const json& item) {
    ChannelState channel;
    channel.masker.path = bytes_of(item.at("path"));
    channel.masker.url_path = bytes_of(item.at("url"));
    channel.masker.held = bytes_of(item.at("held"));
    channel.masker.run = item.at("run");
    channel.masker.run_bytes = item.at("run_bytes");
    channel.masker.announced = item.at("announced");
    channel.masker.marks = item.at("marks").get<decltype(channel.masker.marks)>();
    channel.repair = bytes_of(item.at("utf8"));
    channel.framing.partial = bytes_of(item.at("line"));
    channel.framing.partial_micros = item.at("line_us");
    channel.framing.continues = item.at("continues");
    return channel;
}

}  // namespace

std::string encode_state(const TraceState& state) {
    json text{{"channels", json::object()}};
    if (state.limit_reached_at) text["limit_reached_at"] = *state.limit_reached_at;
    for (const auto& [id, channel] : state.channels) {
        text["channels"][std::to_string(id)] = encode(channel);
    }
    return text.dump();
}

base::Result<TraceState> decode_state(const std::string& text) {
    try {
        const auto parsed = json::parse(text);
        TraceState state;
        if (parsed.contains("limit_reached_at"))
            state.limit_reached_at = parsed["limit_reached_at"];
        for (const auto& [id, channel] : parsed.at("channels").items()) {
            state.channels.emplace_back(std::stoul(id), decode(channel));
        }
        return state;
    } catch (const std::exception& failure) {
        return base::make_error(
            base::ErrorKind::kInvalidInput,
            std::string("the saved state of the job log cannot be read: ") + failure.what());
    }
}

}  // namespace runner::trace
