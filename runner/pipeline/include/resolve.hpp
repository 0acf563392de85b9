#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runner/pipeline/include/files.hpp"
#include "runner/pipeline/include/source.hpp"
#include "runner/pipeline/merge/deep_merge.hpp"
#include "runner/pipeline/rules/evaluate.hpp"
#include "runner/pipeline/spec/document.hpp"

namespace runner::pipeline::include {

struct Entry;

/// Limits of all includes of one configuration together.
struct Limits {
    std::size_t files = 150;
    std::size_t total_bytes = 314'572'800;
};

/// Replaces `include` in a file by the merged contents of the included files, also when these
/// include others. Later files override earlier ones; the including file overrides all of them.
///
/// Life: one resolver per configuration; the limits count over all of its calls.
class Resolver {
  public:
    /// All references must outlive the resolver, which appends to `files` and `included`.
    Resolver(Source& source, const rules::Context& context, std::vector<File>& files,
             std::vector<Included>& included, Limits limits = {});

    /// `content` is a file's content after interpolation. The result has no `include` key, except
    /// when no file was included: GitLab then keeps the key, and it is checked like any other.
    Checked<yaml::Value> resolve(const yaml::Value& content, const Origin& origin);

    /// The input definitions in the files that a header's `spec:include` names.
    Checked<yaml::Value> input_definitions(const yaml::Value& include, const Origin& origin);

  private:
    Checked<std::vector<Entry>> locate(const yaml::Value& include, const Origin& origin);
    std::vector<yaml::Value> files_at(const yaml::Value& location, const Origin& origin);
    Checked<std::optional<yaml::Value>> content_of(const Entry& entry, const Origin& origin,
                                                   Problems& problems);
    std::optional<Problem> count_include(const Entry& entry, const Origin& origin);
    std::optional<Problem> count_bytes(const Entry& entry, const Fetched& fetched);
    Fetched request(const Entry& entry, const Origin& origin);
    Checked<Fetched> fetch(const Entry& entry, const Origin& origin);
    Checked<yaml::Value> interpolate(const Entry& entry, const Fetched& fetched,
                                     const spec::Document& document);
    std::uint16_t add_file(const Entry& entry, const Fetched& fetched);

    Source& source_;
    const rules::Context& context_;
    std::vector<File>& files_;
    std::vector<Included>& included_;
    Limits limits_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::set<std::pair<std::string, std::string>> local_files_;  ///< project and path
    merge::Budget budget_;
};

}  // namespace runner::pipeline::include
