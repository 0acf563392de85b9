#include "protocol/http/event_stream.hpp"

#include <utility>

namespace protocol::http {

base::Result<void> EventStreamReader::feed(std::string_view bytes) {
    for (const char c : bytes) {
        const bool second_of_two = std::exchange(after_cr_, c == '\r') && c == '\n';
        if (second_of_two) continue;
        if (c == '\n' || c == '\r') {
            take_line();
            line_.clear();
            continue;
        }
        line_ += c;
        if (line_.size() + data_.size() > kLargestEvent)
            return base::make_error(base::ErrorKind::kProtocol, "an event is too large");
    }
    return {};
}

std::optional<ServerEvent> EventStreamReader::next() {
    if (events_.empty()) return std::nullopt;
    ServerEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void EventStreamReader::take_line() {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    std::string_view line = line_;
    if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark))
        line.remove_prefix(kByteOrderMark.size());
    if (line.empty()) return dispatch();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return take_field(line, "");
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
}

/// A line that begins with a colon is a comment: its field has no name.
void EventStreamReader::take_field(std::string_view name, std::string_view value) {
    if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    }
}

void EventStreamReader::dispatch() {
    if (std::exchange(has_data_, false)) {
        events_.push_back({type_.empty() ? "message" : type_, std::exchange(data_, {}), id_});
    }
    type_.clear();
}

}  // namespace protocol::http
