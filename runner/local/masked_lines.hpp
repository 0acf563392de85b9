#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runner/trace/mask_set.hpp"
#include "runner/trace/masker.hpp"
#include "runner/trace/utf8_repair.hpp"

namespace runner::local {

/// Turns one output stream of a job into lines for a terminal: secrets masked, UTF-8 repaired,
/// line ends removed. Of a line that was overwritten with carriage returns (a progress bar), the
/// last text is given. A line of more than 64 KiB is given in pieces.
///
/// Life: write() any number of times; close() ends what is held back, and writing may go on after
/// it. Strand: the I/O thread. `on_line` outlives it.
class MaskedLines {
  public:
    using OnLine = std::function<void(std::string_view)>;

    MaskedLines(std::shared_ptr<const trace::MaskSet> masks, const OnLine& on_line)
        : masker_(std::move(masks)), lines_(on_line), into_repair_(repair_, lines_) {}
    MaskedLines(const MaskedLines&) = delete;
    MaskedLines& operator=(const MaskedLines&) = delete;

    void write(std::string_view bytes) { masker_.write(bytes, into_repair_); }
    void close();
    void change_masks(std::shared_ptr<const trace::MaskSet> masks) {
        masker_.change_set(std::move(masks));
    }

  private:
    class Lines final : public trace::ByteSink {
      public:
        explicit Lines(const OnLine& on_line) : on_line_(on_line) {}
        void write(std::string_view bytes) override;
        void flush();

      private:
        void give();

        const OnLine& on_line_;
        std::string pending_;
    };
    struct IntoRepair final : trace::ByteSink {
        IntoRepair(trace::Utf8Repair& r, trace::ByteSink& o) : repair(r), out(o) {}
        void write(std::string_view bytes) override { repair.write(bytes, out); }
        trace::Utf8Repair& repair;
        trace::ByteSink& out;
    };

    trace::Masker masker_;
    trace::Utf8Repair repair_;
    Lines lines_;
    IntoRepair into_repair_;
};

}  // namespace runner::local
