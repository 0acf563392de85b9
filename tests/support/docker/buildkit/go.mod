// BuildKit's programs for the image runner-test/buildkit; dev.d/buildkit.sh builds them.
module buildkit

go 1.24.0

require github.com/moby/buildkit v0.25.0
