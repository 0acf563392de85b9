#pragma once

#include <string>
#include <string_view>

/// systemd's journal, spoken to in its native protocol: a datagram of fields on a unix socket
/// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). An entry has the program's own fields, which
/// `journalctl JOB=7` selects by.
namespace base {

/// Whether standard error is a stream of the journal: $JOURNAL_STREAM names its device and inode
/// (systemd.exec(5)). A process with another standard error may have inherited the variable.
bool stderr_is_journal();

/// `key` as the journal allows it: upper-case letters, digits and underscores, 64 at most, none of
/// the last two at the beginning. "job-status" becomes "JOB_STATUS".
std::string journal_field_name(std::string_view key);

/// The bytes of one entry. Pure.
class JournalEntry {
  public:
    /// `name` is valid for the journal. A value with line breaks is sent with its length.
    void add(std::string_view name, std::string_view value);
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

/// Sends entries. Safe from any thread.
class JournalSocket {
  public:
    explicit JournalSocket(std::string path = "/run/systemd/journal/socket");
    ~JournalSocket();
    JournalSocket(const JournalSocket&) = delete;
    JournalSocket& operator=(const JournalSocket&) = delete;

    /// An entry that is too large for a datagram is handed over as a sealed file in memory. False
    /// when the journal did not take it.
    [[nodiscard]] bool send(std::string_view entry) const;

  private:
    [[nodiscard]] bool send_as_file(std::string_view entry) const;

    std::string path_;
    int socket_;
};

}  // namespace base
