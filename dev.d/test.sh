# test: runs everything and adds up the results. Each step writes a JUnit file into build/results.

results=$root/build/results

# step <name> <command..>: one check that passes or fails as a whole.
step() {
    local name=$1 began=$SECONDS log=$results/$1.log
    shift
    say "$name"
    local status=0
    "$@" >"$log" 2>&1 || status=$?
    [ $status = 0 ] || tail -n 60 "$log" >&2
    "$python" .ci/results one "$results/$name.xml" "$name" "$status" "$log" "$((SECONDS - began))"
    return $status
}

# The checks that need neither a build nor an engine, as name:command.
quick_checks=(
    "coroutine-forms:.ci/check-coroutines"
    "references:.ci/check-references"
    "documents:.ci/check-documents"
    "structure:.ci/check-structure --limits"
    "format:command_format --check"
)

# check: the quick checks, with their output.
command_check() {
    local check words failed=0
    for check in "${quick_checks[@]}"; do
        read -ra words <<<"${check#*:}"
        "${words[@]}" || failed=1
    done
    return $failed
}

has_c_tests() { [ -f build/debug/CTestTestfile.cmake ]; }

run_c_tests() {
    say "unit and integration tests (address and undefined sanitizers)"
    # A helper with sanitizers is not static: it does not run in containers.
    UBSAN_OPTIONS=print_stacktrace=1 RUNNER_TEST_STATIC_HELPER=$root/build/release/bin/runner-helper \
        .ci/c-tests build/debug "$jobs" "$results/c-tests.xml" "$1" >"$results/c-tests.log" 2>&1 || true
    grep -E '^FAILED|tests did not fail' "$results/c-tests.log" >&2 || true
    [ -s "$results/c-tests.xml" ] ||
        "$python" .ci/results one "$results/c-tests-run.xml" c-tests 1 "$results/c-tests.log" 0
}

# run_python_tests <name> <folder> <filter> <pytest arguments..>
run_python_tests() {
    local name=$1 folder=$2 filter=() status=0
    # pytest has an expression of its own: "A or B".
    [ -z "$3" ] || filter=(-k "${3//|/ or }")
    shift 3
    say "$name tests ($folder)"
    PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q -p no:cacheprovider --timeout 150 \
        --junitxml "$results/$name.xml" "$@" "${filter[@]}" "$folder" >"$results/$name.log" 2>&1 || status=$?
    # 1: tests have failed, which the file says. 5: no test matches the filter.
    case $status in
        0 | 5) ;;
        *) sed -n '/^=\+ short test summary/,$p' "$results/$name.log" >&2 ;;
    esac
    if [ ! -s "$results/$name.xml" ] || [[ $status != [015] ]]; then
        "$python" .ci/results one "$results/$name-run.xml" "$name" $((status > 0 ? status : 1)) "$results/$name.log" 0
    fi
}

command_test() {
    local filter=${1:-} began=$SECONDS check words
    ensure_engine
    ensure_prometheus
    exclusively make_images "${images_all[@]}"
    exclusively ensure_python_tools
    exclusively ensure_versitygw
    exclusively ensure_azurite
    rm -rf "$results" && mkdir -p "$results" "$dev_cache/logs"
    if [ -z "$filter" ]; then
        for check in "${quick_checks[@]}"; do
            read -ra words <<<"${check#*:}"
            step "${check%%:*}" "${words[@]}" || true
        done
        # A file takes about 5 s of one core. `./dev tidy --all` is for the night.
        [ -z "${CI:-}" ] || RUNNER_TIDY_MOST=60 step tidy command_tidy || true
    fi
    step portable-git exclusively place_git || true
    # When one target cannot be built, the others are still tested.
    step build-debug build_preset debug || true
    step build-release build_preset release || true
    step interpreters register_interpreters || true
    [ "$(dpkg --print-architecture)" = arm64 ] ||
        step engine-package make_engine_package arm64 || true
    if has_c_tests; then run_c_tests "$filter"; fi
    run_python_tests test-gitlab tests/support/gitlab/tests "$filter"
    run_python_tests system tests/system "$filter" -n "${RUNNER_TEST_WORKERS:-3}" --dist loadfile
    say "everything took $((SECONDS - began)) s; logs and JUnit files are in build/results"
    "$python" .ci/results sum "$results"
}
