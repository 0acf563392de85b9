#include "runner/trace/channel.hpp"

namespace runner::trace {

void JobTrace::Channel::write(std::int64_t unix_micros, std::string_view bytes) {
    IntoFraming into_framing(framing_);
    IntoRepair into_repair(repair_, into_framing);
    framing_.begin_write(unix_micros);
    masker_.write(bytes, into_repair);
    framing_.end_write();
}

void JobTrace::Channel::close() {
    IntoFraming into_framing(framing_);
    IntoRepair into_repair(repair_, into_framing);
    masker_.close(into_repair);
    repair_.close(into_framing);
    framing_.close();
}

ChannelState JobTrace::Channel::save() const {
    return {masker_.save(), repair_.pending(), framing_.save()};
}

void JobTrace::Channel::restore(const ChannelState& state) {
    masker_.restore(state.masker);
    repair_.restore(state.repair);
    framing_.restore(state.framing);
}

}  // namespace runner::trace
