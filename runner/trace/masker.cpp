#include "runner/trace/masker.hpp"

#include <algorithm>

#include "base/names.hpp"

namespace runner::trace {

namespace {

/// While a secret may have begun, up to this many bytes are collected before they are passed on.
constexpr std::size_t kCollect = 4096;

bool is_token_byte(unsigned char byte) {
    return base::is_name_character(static_cast<char>(byte)) || byte == '.' || byte == '=' ||
           byte == '-';
}

}  // namespace

std::string mask_text(std::shared_ptr<const MaskSet> set, std::string_view text) {
    struct Text final : ByteSink {
        void write(std::string_view bytes) override { all += bytes; }
        std::string all;
    };
    Masker masker(std::move(set));
    Text out;
    masker.write(text, out);
    masker.close(out);
    return std::move(out.all);
}

bool Masker::idle() const {
    return state_ == MaskSet::kRoot && url_state_ == UrlKeys::kIdle && run_ == Run::kNone &&
           held_.empty() && marks_.empty();
}

void Masker::write(std::string_view bytes, ByteSink& out) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (idle()) {
            const std::size_t candidate = set_->find_candidate(bytes, at);
            if (candidate > at) out.write(bytes.substr(at, candidate - at));
            position_ += candidate - at;
            released_ = position_;
            at = candidate;
            if (at == bytes.size()) return;
        }
        step(static_cast<unsigned char>(bytes[at]));
        ++at;
        const bool quiet =
            state_ == MaskSet::kRoot && url_state_ == UrlKeys::kIdle && run_ == Run::kNone;
        if (quiet || held_.size() >= kCollect + set_->hold(state_)) {
            release(position_ - set_->hold(state_), out);
        }
    }
    release(position_ - set_->hold(state_), out);
}

void Masker::close(ByteSink& out) {
    run_ = Run::kNone;
    release(position_, out);
    *this = Masker(set_);
}

void Masker::change_set(std::shared_ptr<const MaskSet> set) {
    // The prefix of a token is shown while it comes, so the state may know more than what is held.
    std::string known = set_->path(state_);
    if (known.size() < held_.size()) known = held_;
    set_ = std::move(set);
    state_ = MaskSet::kRoot;
    for (std::size_t i = 0; i < known.size(); ++i) {
        state_ = set_->next(state_, static_cast<unsigned char>(known[i]));
        const std::size_t behind = known.size() - 1 - i;
        const std::size_t length = set_->phrase_length(state_);
        if (length == 0 || behind >= held_.size()) continue;  // what was shown stays shown
        const std::size_t masked = std::min(length, held_.size() - behind);
        cover(position_ - behind - masked, position_ - behind);
    }
}

void Masker::step(unsigned char byte) {
    held_.push_back(static_cast<char>(byte));
    ++position_;
    if (run_ != Run::kNone) continue_run(byte);
    state_ = set_->next(state_, byte);
    if (const auto length = set_->phrase_length(state_); length != 0)
        cover(position_ - length, position_);
    if (run_ == Run::kNone && set_->ends_prefix(state_)) {
        run_ = Run::kToken;
        run_begin_ = position_;
    }
    if (run_ == Run::kUrlValue) return;
    url_state_ = UrlKeys::next(url_state_, byte);
    if (url_state_ != UrlKeys::kComplete) return;
    url_state_ = UrlKeys::kIdle;
    if (run_ == Run::kNone) run_begin_ = position_;
    run_ = Run::kUrlValue;
}

void Masker::continue_run(unsigned char byte) {
    const bool goes_on = run_ == Run::kToken ? is_token_byte(byte) : !UrlKeys::ends_value(byte);
    if (goes_on) {
        cover(run_begin_, position_);
    } else {
        run_ = Run::kNone;
    }
}

void Masker::cover(std::uint64_t begin, std::uint64_t end) {
    while (!marks_.empty() && marks_.back().end > begin) {
        begin = std::min(begin, marks_.back().begin);
        end = std::max(end, marks_.back().end);
        marks_.pop_back();
    }
    marks_.push_back({begin, end});
}

void Masker::release(std::uint64_t frontier, ByteSink& out) {
    const std::uint64_t base = released_;
    const auto show = [&](std::uint64_t until) {
        if (until <= released_) return;
        out.write(std::string_view(held_).substr(released_ - base, until - released_));
        released_ = until;
    };
    while (released_ < frontier) {
        if (marks_.empty() || marks_.front().begin >= frontier) {
            show(frontier);
            break;
        }
        const Mark mark = marks_.front();
        if (!announced_) {
            show(mark.begin);
            out.write(kMask);
            announced_ = true;
        }
        released_ = std::min(mark.end, frontier);
        // The mark of a run that has not ended stays, so that the next byte of the run extends it.
        const bool open = run_ != Run::kNone && run_begin_ < position_ && marks_.size() == 1;
        if (mark.end > frontier || open) break;
        marks_.erase(marks_.begin());
        announced_ = false;
    }
    held_.erase(0, released_ - base);
}

Masker::Saved Masker::save() const {
    Saved saved{.path = set_->path(state_),
                .url_path = UrlKeys::path(url_state_),
                .held = held_,
                .run = static_cast<int>(run_),
                .run_bytes = run_ == Run::kNone ? 0 : position_ - run_begin_,
                .announced = announced_,
                .marks = {}};
    for (const Mark& mark : marks_) {
        const auto begin = std::max(mark.begin, released_);
        saved.marks.emplace_back(begin - released_, mark.end - released_);
    }
    return saved;
}

void Masker::restore(const Saved& saved) {
    *this = Masker(set_);
    held_ = saved.held;
    released_ = saved.run_bytes;  // any number from which the run can begin
    position_ = released_ + held_.size();
    for (const char c : saved.path) state_ = set_->next(state_, static_cast<unsigned char>(c));
    for (const char c : saved.url_path)
        url_state_ = UrlKeys::next(url_state_, static_cast<unsigned char>(c));
    run_ = static_cast<Run>(saved.run);
    run_begin_ = position_ - std::min<std::uint64_t>(saved.run_bytes, position_);
    announced_ = saved.announced;
    for (const auto& [begin, end] : saved.marks)
        marks_.push_back({released_ + begin, released_ + end});
}

}  // namespace runner::trace
