#!/usr/bin/env bash
# Fuzzes the targets named, or all, one after the other, the most dangerous first: each for SECONDS_EACH and for RUNS
# executions, whichever is later. What came of each is a line at the end; a crash is a file in artifacts/ and status 1.
#
#   lint/fuzz/long.sh                                  15 minutes and a million executions each
#   SECONDS_EACH=30 RUNS=0 lint/fuzz/long.sh           what CI runs
#   SANITIZER=address lint/fuzz/long.sh python card    slower, and sees what C and `unsafe` in libraries do
#
# It needs the nightly compiler and `cargo install cargo-fuzz`.
set -euo pipefail
cd "$(dirname "$0")"

SECONDS_EACH=${SECONDS_EACH:-900}
RUNS=${RUNS:-1000000}
SANITIZER=${SANITIZER:-none}
TARGETS=("$@")
[ $# -gt 0 ] || TARGETS=(python card space fixes requirements suppressions settings logs lsp profiler)

host=$(rustc -vV | sed -n 's/^host: //p')
# Targets that read whole Spaces are slow. To watch every comparison takes a third of their time, and teaches little that
# their words and seeds do not: they are built without. Nor do they need texts longer than the Space of a page.
is_whole() {
  case $1 in
    space | fixes | suppressions) true ;;
    *) false ;;
  esac
}
built() {
  if is_whole "$1"; then echo "$PWD/target/$SANITIZER-bare"; else echo "$PWD/target/$SANITIZER"; fi
}
for target in "${TARGETS[@]}"; do
  bare=()
  if is_whole "$target"; then bare=(--no-trace-compares); fi
  cargo +nightly fuzz build --fuzz-dir . --target-dir "$(built "$target")" --sanitizer "$SANITIZER" "${bare[@]}" "$target"
done
python3 corpus.py

report=() failed=0
for target in "${TARGETS[@]}"; do
  mkdir -p "artifacts/$target" "corpus/$target"
  log="artifacts/$target/log.txt" longest=16384
  if is_whole "$target"; then longest=2048; fi
  began=$SECONDS executions=0 crashes=0 limit="-max_total_time=$SECONDS_EACH"
  while :; do
    status=0
    "$(built "$target")/$host/release/$target" "corpus/$target" "$limit" -dict=corpus/words.dict \
      -artifact_prefix="artifacts/$target/" -max_len=$longest -timeout=20 -rss_limit_mb=4096 \
      -print_final_stats=1 > "$log" 2>&1 || status=$?
    ran=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
    executions=$((executions + ${ran:-0}))
    if [ "$status" -ne 0 ]; then
      crashes=1 failed=1
      tail -40 "$log"
      break
    fi
    [ "$executions" -lt "$RUNS" ] || break
    limit="-runs=$((RUNS - executions))"
  done
  report+=("$target: $executions executions in $((SECONDS - began)) s, $crashes crashes")
  echo "${report[-1]}"
done
printf '\n'
printf '%s\n' "${report[@]}"
exit "$failed"
