#!/bin/sh
# Runs every scenario and keeps what they print: all.sh [--quick]. Writes bench/results.md and bench/results.svg.
# About 75 minutes on a quiet machine, twice that on one that is not; nothing else should run on the machine meanwhile.
set -eu
cd "$(dirname "$0")/.."
results=bench/results.md
scripts/bench_setup.sh
scripts/build.sh bench > /dev/null

echo "# Results of bench/all.sh $*" > $results
for scenario in throughput source template cold deploy density fairness waiting streaming s3 leak; do
  svg=""
  [ $scenario = throughput ] && svg="--svg bench/results.svg"
  printf '\n## %s\n\n' $scenario >> $results
  # shellcheck disable=SC2086  # two words or none
  /usr/bin/python3 bench/run.py $scenario --mayfly build/bench/mayfly $svg "$@" >> $results ||
    echo "$scenario failed" >> $results
done
for functions in 1000 10000; do  # 2 MB of disk each
  printf '\n## density of functions in JavaScript, %s\n\n' $functions >> $results
  /usr/bin/python3 bench/run.py density --mayfly build/bench/mayfly --kind js --functions $functions "$@" >> $results ||
    echo "density of $functions functions in JavaScript failed" >> $results
done
{
  printf '\n## A sandbox in process\n\n```\n'
  build/bench/bench/micro/sandbox_bench --benchmark_enable_random_interleaving=true --benchmark_repetitions=7 \
    --benchmark_report_aggregates_only=true 2> /dev/null | grep -E 'Benchmark|_median|_cv'
  printf '```\n\n## Instructions\n\n'
  /usr/bin/python3 bench/instructions.py
} >> $results
