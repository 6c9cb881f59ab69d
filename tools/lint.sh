#!/usr/bin/env bash
# Formatting, the rules of the tree, and static analysis: cppcheck, clang-tidy (.clang-tidy) and gcc's analyzer over our own
# sources. Prints what it finds; the exit code is 1 when it found anything.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
step() { printf '== %s\n' "$1"; shift; "$@" || failed=1; }

sources() { git ls-files 'src/*.c' 'sim/*.c'; }

format() { git ls-files 'src/*.[ch]' 'sim/*.[ch]' 'tests/*.[ch]' | xargs clang-format --dry-run -Werror; }

compile_clean() { # no warning with either compiler
  rm -rf build-lint
  CC=clang meson setup build-lint --werror -Dtests=true --buildtype=debugoptimized >/dev/null && ninja -C build-lint | grep -E 'error|warning' && return 1
  return 0
}

# What this build compiles: of the two HTTP head parsers only the one that is packaged can be read.
compiled() {
  local file
  sources | while read -r file; do grep -q "/$file\"" build-lint/compile_commands.json && echo "$file"; done
}

tidy() { compiled | xargs -P 2 -n 8 clang-tidy -p build-lint --quiet 2>/dev/null | grep -E 'warning:|error:' && return 1; return 0; }

# internalAstError: this cppcheck cannot read a compound literal behind '?'. shiftTooManyBitsSigned: gcc and clang define it
# (arithmetic). memleakOnRealloc and uninitStructMember misread helpers that keep the old pointer or write through it.
check() {
  cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=internalAstError --suppress=shiftTooManyBitsSigned --suppress=memleakOnRealloc \
    --suppress=uninitStructMember -I src -I . src sim
}

# malloc-leak: gcc 12 loses sight of memory stored through a pointer to a pointer; leaks are what the sanitizers' runs find.
analyze() {
  local file bad=0
  for file in $(git ls-files 'src/base/*.c' 'src/domain/*.c' 'src/engine/*.c' 'src/wire/*.c' 'src/view/*.c'); do
    gcc -std=c17 -D_GNU_SOURCE -DGRIDSCOPE_VERSION='""' -O1 -fanalyzer -Wno-analyzer-malloc-leak -Isrc -c "$file" -o /dev/null 2>&1 | grep -E 'warning:' && bad=1
  done
  return $bad
}

step "formatting" format
step "compiles without a warning under clang" compile_clean
step "rules of the tree" env GRIDSCOPE_BUILD=build-lint python3 tests/rules.py
step "cppcheck" check
step "clang-tidy" tidy
step "gcc -fanalyzer" analyze
exit $failed
