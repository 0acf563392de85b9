#pragma once

#include <gtest/gtest.h>

#include <string>

#include "runner/pipeline/include/work_tree.hpp"
#include "runner/pipeline/load.hpp"
#include "runner/pipeline/plan/create.hpp"

namespace runner::local {

/// A pipeline planned from a text, for a push to main.
struct Planned {
    explicit Planned(const std::string& text, pipeline::plan::CreateRequest create = {})
        : request(std::move(create)) {
        pipeline::LoadRequest load;
        load.text = text;
        pipeline::include::WorkTreeSource source("/nonexistent");
        loaded = pipeline::load_configuration(load, source);
        for (const auto& problem : loaded.errors) ADD_FAILURE() << problem.text;
        if (!loaded.configuration) return;
        request.pipeline.ref = "main";
        request.pipeline.source = "push";
        pipeline = pipeline::plan::create_pipeline(*loaded.configuration, loaded.parallel, request);
        for (const auto& problem : pipeline.errors) ADD_FAILURE() << problem.text;
    }
    [[nodiscard]] const pipeline::plan::PlannedJob* find(const std::string& name) const {
        for (const auto& planned : pipeline.jobs) {
            if (planned.job->name == name) return &planned;
        }
        return nullptr;
    }

    pipeline::Loaded loaded;
    pipeline::plan::CreateRequest request;
    pipeline::plan::Pipeline pipeline;
};

}  // namespace runner::local
