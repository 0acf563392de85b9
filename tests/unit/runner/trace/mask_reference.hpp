#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A simple implementation of masking, without regard to speed and streams, to compare the real one
/// with.
namespace tests {

class MaskReference {
  public:
    MaskReference(std::vector<std::string> phrases, std::vector<std::string> prefixes)
        : phrases_(std::move(phrases)), prefixes_(std::move(prefixes)) {}

    [[nodiscard]] std::string apply(const std::string& text) const {
        std::vector<std::pair<std::size_t, std::size_t>> marks;
        for (std::size_t at = 0; at < text.size(); ++at) {
            for (const auto& phrase : phrases_) {
                if (text.compare(at, phrase.size(), phrase) == 0)
                    marks.emplace_back(at, at + phrase.size());
            }
            for (const auto& prefix : prefixes_) {
                if (text.compare(at, prefix.size(), prefix) == 0)
                    add_run(text, at + prefix.size(), marks);
            }
            add_url_value(text, at, marks);
        }
        return render(text, std::move(marks));
    }

  private:
    using Marks = std::vector<std::pair<std::size_t, std::size_t>>;

    static void add_run(const std::string& text, std::size_t begin, Marks& marks) {
        const auto end = text.find_first_not_of(
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.=-", begin);
        const auto stop = std::min(end, text.size());
        if (stop > begin) marks.emplace_back(begin, stop);
    }

    static void add_url_value(const std::string& text, std::size_t at, Marks& marks) {
        if (text[at] != '?' && text[at] != '&') return;
        for (const std::string key :
             {"private_token", "authenticity_token", "rss_token", "x-amz-signature",
              "x-amz-credential", "x-amz-security-token"}) {
            std::string found = text.substr(at + 1, key.size() + 1);
            for (char& c : found)
                c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            if (found != key + "=") continue;
            std::size_t end = at + 2 + key.size();
            const std::size_t begin = end;
            while (end < text.size() && !ends_value(static_cast<unsigned char>(text[end]))) ++end;
            if (end > begin) marks.emplace_back(begin, end);
        }
    }

    static bool ends_value(unsigned char c) {
        return c <= ' ' || c == '?' || c == '&' || c == 0x7f;
    }

    static std::string render(const std::string& text, Marks marks) {
        std::sort(marks.begin(), marks.end());
        std::string shown;
        std::size_t done = 0;
        for (std::size_t i = 0; i < marks.size();) {
            std::size_t end = marks[i].second;
            std::size_t next = i + 1;
            for (; next < marks.size() && marks[next].first < end; ++next)
                end = std::max(end, marks[next].second);
            shown.append(text, done, marks[i].first - done).append("[MASKED]");
            done = end;
            i = next;
        }
        return shown.append(text, done);
    }

    std::vector<std::string> phrases_;
    std::vector<std::string> prefixes_;
};

}  // namespace tests
