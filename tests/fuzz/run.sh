#!/usr/bin/env bash
# Every fuzz target for so many seconds, two at a time; new inputs go to a folder that is not committed. Exit code 1 when one
# found something: its input is kept beside the output.
#   tests/fuzz/run.sh BUILD_FOLDER SECONDS
set -uo pipefail
build=$1 seconds=$2 failed=0
run_one() {
  local name=$1 found="$build/fuzz-$1"
  mkdir -p "$found"
  "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -dict=tests/fuzz/words.dict -print_final_stats=1 -rss_limit_mb=1024 \
    -artifact_prefix="$found/crash-" "$found" "tests/fuzz/corpus/$name" >"$found/log" 2>&1
  local code=$?
  printf '%-8s %s executions, %s, exit %d\n' "$name" "$(grep -o 'number_of_executed_units: .*' "$found/log" | cut -d' ' -f2)" \
    "$(grep -o 'cov: [0-9]*' "$found/log" | tail -n1)" "$code"
  return $code
}
names=$(cd "$build/tests/fuzz" && ls | grep -E '^fuzz_[a-z_]+$' | sed 's/^fuzz_//')
set -- $names
while [ $# -gt 0 ]; do
  run_one "$1" & first=$!
  if [ $# -gt 1 ]; then run_one "$2" & second=$!; else second=; fi
  wait "$first" || failed=1
  if [ -n "$second" ]; then wait "$second" || failed=1; fi
  shift; [ $# -gt 0 ] && shift
done
exit $failed
