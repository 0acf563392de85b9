#include "executors/helper/git_index.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace executors::helper {

namespace {

constexpr std::size_t kIndexHeaderBytes = 12;
constexpr std::size_t kStatBytes = 40;
constexpr std::size_t kModeOffset = 24;
constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kSubmodule = 0160000;
constexpr std::uint32_t kAssumeUnchanged = 0x8000;
constexpr std::uint32_t kExtended = 0x4000;
constexpr std::uint32_t kSkipWorktree = 0x4000;  ///< in the extended flags

/// The extensions that git writes by itself and that cannot hide a file.
constexpr std::array<std::string_view, 5> kHarmless{"TREE", "REUC", "UNTR", "EOIE", "IEOT"};

class IndexReader {
  public:
    IndexReader(std::string_view bytes, bool sha256) : bytes_(bytes), id_bytes_(sha256 ? 32 : 20) {}

    /// The result of what was read so far is in index(), whatever it returns.
    bool read() {
        if (bytes_.size() < kIndexHeaderBytes + id_bytes_ || bytes_.substr(0, 4) != "DIRC")
            return false;
        version_ = number(4, 4);
        if (version_ < 2 || version_ > 4) return false;
        const std::uint32_t count = number(8, 4);
        end_ = bytes_.size() - id_bytes_;
        at_ = kIndexHeaderBytes;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (!read_entry()) return false;
        }
        return !hidden_ && read_extensions();
    }
    GitIndex& index() { return index_; }

  private:
    [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
        return value;
    }

    bool read_entry() {
        const std::size_t begin = at_;
        const std::size_t fixed = kStatBytes + id_bytes_ + 2;
        if (end_ - at_ < fixed + 2) return false;
        const std::uint32_t mode = number(at_ + kModeOffset, 4);
        const std::uint32_t flags = number(at_ + fixed - 2, 2);
        at_ += fixed;
        if ((flags & kAssumeUnchanged) != 0) hidden_ = true;
        if ((flags & kExtended) != 0) {
            if ((number(at_, 2) & kSkipWorktree) != 0) hidden_ = true;
            at_ += 2;
        }
        if (version_ == 4 && !cut_prefix()) return false;
        const auto zero = bytes_.substr(0, end_).find('\0', at_);
        if (zero == std::string_view::npos) return false;
        path_.append(bytes_.substr(at_, zero - at_));
        at_ = zero + 1;
        if ((mode & kTypeMask) == kSubmodule) index_.submodules.push_back(path_);
        if (version_ == 4) return true;
        path_.clear();
        // One to eight zero bytes end an entry: its size is a multiple of eight.
        at_ = begin + (zero - begin + 8) / 8 * 8;
        return at_ <= end_;
    }

    /// Version 4: how much of the former path this one does not begin with, as a varint.
    bool cut_prefix() {
        std::uint64_t cut = 0;
        for (bool first = true;; first = false) {
            if (at_ >= end_ || cut > path_.size()) return false;
            const auto byte = static_cast<unsigned char>(bytes_[at_++]);
            cut = first ? byte & 0x7f : (cut + 1) << 7 | (byte & 0x7f);
            if ((byte & 0x80) == 0) break;
        }
        if (cut > path_.size()) return false;
        path_.resize(path_.size() - cut);
        return true;
    }

    bool read_extensions() {
        while (at_ < end_) {
            if (end_ - at_ < 8) return false;
            const std::string_view name = bytes_.substr(at_, 4);
            if (std::find(kHarmless.begin(), kHarmless.end(), name) == kHarmless.end())
                return false;
            const std::size_t size = number(at_ + 4, 4);
            at_ += 8;
            if (size > end_ - at_) return false;
            at_ += size;
        }
        return true;
    }

    std::string_view bytes_;
    std::size_t id_bytes_;
    std::uint32_t version_ = 0;
    std::size_t end_ = 0;
    std::size_t at_ = 0;
    bool hidden_ = false;
    std::string path_;
    GitIndex index_;
};

}  // namespace

GitIndex read_git_index(std::string_view bytes, bool sha256) {
    IndexReader reader(bytes, sha256);
    const bool plain = reader.read();
    reader.index().plain = plain;
    return std::move(reader.index());
}

}  // namespace executors::helper
