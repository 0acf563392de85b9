#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "runner/trace/line_framing.hpp"
#include "runner/trace/masker.hpp"

namespace runner::trace {

/// The state of one stream, for the checkpoint; the spool has the bytes that are decided.
struct ChannelState {
    Masker::Saved masker;
    std::string repair;
    LineFraming::Saved framing;
    bool operator==(const ChannelState&) const = default;
};

struct TraceState {
    std::optional<std::uint64_t> limit_reached_at;
    std::vector<std::pair<std::size_t, ChannelState>> channels;  ///< those in use, by their number
};

/// As JSON; bytes that may not be text are in hex.
std::string encode_state(const TraceState& state);
base::Result<TraceState> decode_state(const std::string& text);

}  // namespace runner::trace
