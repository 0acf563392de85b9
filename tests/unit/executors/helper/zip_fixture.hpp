#pragma once

#include <libdeflate.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "executors/helper/zip_records.hpp"

namespace executors::helper {

/// A zip in memory, whose headers may lie. Content is stored.
class TestZip {
  public:
    static zip::Entry entry(const std::string& name, const std::string& content) {
        zip::Entry entry;
        entry.name = name;
        entry.status.st_mode = S_IFREG | 0640;
        entry.status.st_mtime = 1'700'000'000;
        entry.crc = ::libdeflate_crc32(0, content.data(), content.size());
        entry.size = content.size();
        entry.packed_size = content.size();
        return entry;
    }
    void add(const std::string& name, const std::string& content) {
        const zip::Entry same = entry(name, content);
        add(same, content, same);
    }
    /// `local` in front of the content, `listed` in the directory.
    void add(const zip::Entry& local, const std::string& content, zip::Entry listed) {
        listed.offset = add_hidden(local, content);
        listed_.push_back(std::move(listed));
    }
    /// A member that the directory does not name.
    std::uint64_t add_hidden(const zip::Entry& local, const std::string& content) {
        const std::uint64_t offset = bytes_.size();
        bytes_ += zip::local_header(local) + content;
        return offset;
    }
    /// The member that was added last, in the directory once more.
    void list_again(const std::string& name) {
        zip::Entry again = listed_.back();
        again.name = name;
        listed_.push_back(std::move(again));
    }
    void reverse_directory() { listed_ = {listed_.rbegin(), listed_.rend()}; }
    [[nodiscard]] std::string& members() { return bytes_; }
    [[nodiscard]] std::string text() const {
        std::string records;
        for (const zip::Entry& listed : listed_) records += zip::directory_entry(listed);
        return bytes_ + records + zip::end_records(listed_.size(), records.size(), bytes_.size());
    }

  private:
    std::string bytes_;
    std::vector<zip::Entry> listed_;
};

}  // namespace executors::helper
