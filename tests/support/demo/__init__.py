"""The demo: one manual job from registration to the pushed image. `./dev demo` runs it."""
