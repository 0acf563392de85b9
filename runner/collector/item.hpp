#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runner::collector {

enum class ItemKind { kVolume, kImage, kFolder };
/// The words of `runner gc` and of the metrics: "volume", "image", "folder".
std::string_view to_string(ItemKind kind);

/// Something of ours that later jobs may use again, and that is removed when the disk is short.
struct Item {
    ItemKind kind = ItemKind::kVolume;
    std::string name;                        ///< of the volume, the image's id, the folder's path
    std::string title;                       ///< for people: "cache of project 7 (/builds)"
    std::vector<std::string> names;          ///< of an image: its tags, then with digests
    std::optional<std::uint64_t> bytes;      ///< nullopt: not known
    std::int64_t last_used_unix_micros = 0;  ///< 0: not known
    bool outdated = false;                   ///< no job uses it again: it goes first
    std::string kept;                        ///< why it must stay, "" when it may go
};

}  // namespace runner::collector
