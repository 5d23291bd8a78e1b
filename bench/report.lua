-- Ends a run of wrk with one line of JSON for bench/wrk.py. Times are in microseconds.
function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'bench {"requests":%d,"duration_us":%d,"errors":%d,"p50":%d,"p90":%d,"p99":%d,"p999":%d}',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9)))
end
