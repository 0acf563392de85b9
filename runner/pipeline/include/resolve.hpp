#pragma once

#include <string>
#include <vector>

#include "runner/pipeline/include/files.hpp"
#include "runner/pipeline/include/source.hpp"
#include "runner/pipeline/merge.hpp"
#include "runner/pipeline/rules/clauses.hpp"
#include "runner/pipeline/spec/document.hpp"

namespace runner::pipeline::include {

struct Entry;

struct Limits {
    std::size_t files = 150;
    std::size_t total_bytes = 314'572'800;
};

/// Replaces the `include` of a file, and of what it includes, by the files' contents, merged: later
/// files over earlier ones, the including file over all of them.
class Resolver {
  public:
    /// All references must outlive the resolver. `files` and `included` grow.
    Resolver(Source& source, const rules::Context& context, std::vector<File>& files,
             std::vector<Included>& included, Limits limits = {});

    /// `content` after interpolation; the result has no `include` key.
    Checked<yaml::Value> resolve(const yaml::Value& content, const Origin& origin);

    /// The definitions that a header's `spec:include` names.
    Checked<yaml::Value> input_definitions(const yaml::Value& include, const Origin& origin);

  private:
    struct Located;
    Checked<std::vector<Located>> locate(const yaml::Value& include, const Origin& origin);
    Checked<Fetched> ask(const Entry& entry, const Origin& origin);
    Checked<Fetched> fetch(const Located& located, const Origin& origin);
    Checked<yaml::Value> read(const Located& located, const Fetched& fetched);
    std::uint16_t remember(const Located& located, const Fetched& fetched);

    Source& source_;
    const rules::Context& context_;
    std::vector<File>& files_;
    std::vector<Included>& included_;
    Limits limits_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    MergeBudget budget_;
};

}  // namespace runner::pipeline::include
