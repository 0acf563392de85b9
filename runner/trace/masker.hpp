#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runner/trace/byte_sink.hpp"
#include "runner/trace/mask_set.hpp"
#include "runner/trace/url_keys.hpp"

namespace runner::trace {

/// Replaces secrets in one stream by [MASKED], however the stream is cut into pieces.
///
/// What is masked: every byte of every occurrence of a phrase, where occurrences may overlap
/// (overlapping ones become one [MASKED], adjacent ones one each); the run after a token prefix;
/// the values of secret URL parameters. All phrases are searched together, so no part of a secret
/// stays visible because another secret overlaps it.
///
/// Life: one per stream; write() any number of times, close() at the end of the stream. After that
/// it can be used for another stream. A byte that cannot belong to a secret any more is passed on
/// within the same write().
class Masker {
  public:
    explicit Masker(std::shared_ptr<const MaskSet> set) : set_(std::move(set)) {}

    void write(std::string_view bytes, ByteSink& out);
    void close(ByteSink& out);
    /// Searches for the phrases of `set` from now on, and in the bytes that are still held back.
    void change_set(std::shared_ptr<const MaskSet> set);
    /// The number of input bytes that are neither shown nor masked yet.
    [[nodiscard]] std::size_t held_back() const { return held_.size(); }

    /// The state that later bytes depend on. It may have parts of secrets.
    struct Saved {
        std::string path;      ///< the bytes that lead to the state of the automaton
        std::string url_path;  ///< the same of the URL keys
        std::string held;
        int run = 0;
        std::uint64_t run_bytes = 0;  ///< how long the run is so far
        bool announced = false;       ///< [MASKED] of the first mark was written already
        std::vector<std::pair<std::uint64_t, std::uint64_t>> marks;  ///< relative to the held bytes
        bool operator==(const Saved&) const = default;
    };
    [[nodiscard]] Saved save() const;
    void restore(const Saved& saved);

  private:
    enum class Run : std::uint8_t { kNone, kToken, kUrlValue };
    struct Mark {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    [[nodiscard]] bool idle() const;
    void step(unsigned char byte);
    void continue_run(unsigned char byte);
    void cover(std::uint64_t begin, std::uint64_t end);
    void release(std::uint64_t frontier, ByteSink& out);

    std::shared_ptr<const MaskSet> set_;
    MaskSet::State state_ = MaskSet::kRoot;
    UrlKeys::State url_state_ = UrlKeys::kIdle;
    Run run_ = Run::kNone;
    std::uint64_t run_begin_ = 0;
    std::uint64_t position_ = 0;  ///< input bytes seen
    std::uint64_t released_ = 0;  ///< input bytes shown or masked
    std::string held_;            ///< input [released_, position_)
    std::vector<Mark> marks_;     ///< disjoint, in order, none ends before released_
    bool announced_ = false;      ///< [MASKED] of the first mark was written
};

/// A whole text with its secrets masked.
std::string mask_text(std::shared_ptr<const MaskSet> set, std::string_view text);

}  // namespace runner::trace
