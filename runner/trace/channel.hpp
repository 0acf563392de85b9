#pragma once

#include "runner/trace/job_trace.hpp"
#include "runner/trace/masker.hpp"
#include "runner/trace/trace_state.hpp"
#include "runner/trace/utf8_repair.hpp"

namespace runner::trace {

/// The path of one stream from raw bytes to the spool.
class JobTrace::Channel {
  public:
    Channel(std::shared_ptr<const MaskSet> masks, LineFraming framing)
        : masker_(std::move(masks)), framing_(std::move(framing)) {}

    void write(std::int64_t unix_micros, std::string_view bytes);
    void close();
    void change_masks(std::shared_ptr<const MaskSet> masks) {
        masker_.change_set(std::move(masks));
    }
    [[nodiscard]] ChannelState save() const;
    void restore(const ChannelState& state);

  private:
    /// The sinks that connect the three steps.
    struct IntoFraming final : ByteSink {
        explicit IntoFraming(LineFraming& f) : framing(f) {}
        void write(std::string_view bytes) override { framing.append(bytes); }
        LineFraming& framing;
    };
    struct IntoRepair final : ByteSink {
        IntoRepair(Utf8Repair& r, ByteSink& o) : repair(r), out(o) {}
        void write(std::string_view bytes) override { repair.write(bytes, out); }
        Utf8Repair& repair;
        ByteSink& out;
    };

    Masker masker_;
    Utf8Repair repair_;
    LineFraming framing_;
};

}  // namespace runner::trace
