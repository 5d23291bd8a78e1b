"""The rules that decide which numbers are printed. Nothing here measures anything."""

import json
import os
import pathlib
import subprocess
import sys
import types
import xml.etree.ElementTree

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import peers  # noqa: E402
import plot  # noqa: E402
import processes  # noqa: E402
import rounds  # noqa: E402
import sources  # noqa: E402
import stats  # noqa: E402
import tables  # noqa: E402
import wasm  # noqa: E402
import wire  # noqa: E402
import wrk  # noqa: E402
from scenarios import density, source, template, throughput  # noqa: E402


def test_quantiles_are_interpolated():
    assert stats.quantile([4, 1, 3, 2], 0.5) == 2.5
    assert stats.quantile([1, 2, 3, 4, 5], 0.99) == pytest.approx(4.96)
    assert stats.quantile([7], 0.999) == 7


def test_spread_is_the_middle_half_over_the_median():
    assert stats.spread([100] * 7) == 0
    assert stats.spread([90, 98, 99, 100, 101, 102, 110]) == pytest.approx(0.03)


def test_ratios_are_of_rounds_that_ran_together():
    # The machine is half as fast in the second half of the rounds; the ratio does not see it.
    found = stats.paired([50, 50, 50, 25, 25], [100, 100, 100, 50, 50])
    assert (found.median, found.spread, found.rounds) == (0.5, 0, 5)
    assert str(found) == "0.50"


def test_a_ratio_that_varies_by_more_than_five_percent_is_refused():
    base = [100.0] * 5
    steady = stats.paired([98, 99, 100, 101, 102], base)
    wild = stats.paired([90, 94, 100, 106, 110], base)
    assert steady.stable and str(steady) == "1.00"
    assert not wild.stable and str(wild) == "unstable (12%)"
    assert str(stats.paired([94.9, 94.9, 100, 100, 100], base)) == "unstable (5%)", "5.1 % is over"


def test_few_rounds_say_nothing_about_stability():
    found = stats.paired([100] * 4, [100] * 4)
    assert not found.stable and str(found) == "too few rounds (4)"


def test_rounds_that_have_no_partner_are_an_error():
    with pytest.raises(ValueError, match="3 rounds cannot be paired with 2"):
        stats.paired([1, 2, 3], [1, 2])


OUTPUT = """Running 1s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   601.97us    1.13ms  18.52ms   93.95%
Requests/sec:  80123.11
bench {"requests":88000,"duration_us":1100000,"errors":3,"p50":390,"p90":801,"p99":5400,"p999":12001}
"""


def test_the_report_of_wrk_is_read():
    load = wrk.parse(OUTPUT)
    assert load == wrk.Load(rps=pytest.approx(80000), p50=390, p90=801, p99=5400, p999=12001, requests=88000, errors=3)


def test_output_without_a_report_is_an_error():
    with pytest.raises(ValueError, match="unable to connect"):
        wrk.parse("unable to connect to 127.0.0.1:8080 Connection refused\n")


def made(*rps):
    return [{"rps": value, "p50": 1, "p90": 1, "p99": 1, "p999": 1, "cpu": 1} for value in rps]


def test_a_target_is_settled_when_each_of_its_ratios_is():
    assert rounds.settled(made(100, 101, 99, 100, 100), made(200, 202, 198, 200, 200))
    assert not rounds.settled(made(100, 150, 99, 60, 80), made(*[200] * 5))


def test_a_run_with_failed_requests_is_told_and_not_counted(monkeypatch):
    runs = []

    def load(target, *_):
        runs.append(target)
        if target == "peer" and runs.count("peer") == 2 or target == "nginx" and runs.count("nginx") == 3:
            raise wrk.Failed("1 of 83981 requests to / failed:\nand more")
        return made(100 if target == "peer" else 200)[0]

    monkeypatch.setattr(rounds, "_load", load)
    options = types.SimpleNamespace(rounds=7, more=0, seconds=1)
    failures = []
    samples = rounds.measure({name: name for name in ("nginx", "peer")}, "nginx", 32, options, 0, failures)
    assert (len(samples["nginx"]["loads"]), len(samples["peer"]["loads"])) == (6, 5)
    assert failures == ["32 connections, round 2, peer: 1 of 83981 requests to / failed",
                        "32 connections, round 3, nginx: 1 of 83981 requests to / failed"]
    report = rounds.report({"base": "nginx", "samples": {32: samples}, "failures": failures})
    assert "Not counted: 32 connections, round 2, peer: 1 of 83981" in report and "| peer |       0.50 |" in report


def test_a_target_that_never_answers_is_an_error(monkeypatch):
    def load(*_):
        raise wrk.Failed("all of them")

    monkeypatch.setattr(rounds, "_load", load)
    with pytest.raises(RuntimeError, match="no round of nginx went well:\n1 connection, round 1, nginx: all of them"):
        rounds.measure({"nginx": None}, "nginx", 1, types.SimpleNamespace(rounds=1, more=0, seconds=1), 0, [])


BASE = made(*[200] * 5)
SAMPLES = {32: {"nginx": {"loads": BASE, "base": BASE},
                "steady": {"loads": made(100, 100, 100, 101, 101), "base": BASE},
                "wild": {"loads": made(100, 110, 146, 180, 190), "base": BASE}}}


def test_refused_ratios_are_neither_printed_nor_drawn():
    report = rounds.report({"base": "nginx", "samples": SAMPLES})
    assert "| steady |           0.50 |" in report
    assert "| wild   | unstable (48%) |" in report
    drawn = xml.etree.ElementTree.fromstring(throughput.draw(SAMPLES, "nginx"))
    titles = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert "0.50" in titles and "0.73" not in titles, "0.73 is the median of the wild one"
    assert len(titles) == 2 * len(rounds.TITLES) - 1


def test_a_plot_names_its_rows_and_series():
    text = plot.ratios({"p50": {(0, 0): 1.5}}, ["a & b"], ["1 connection"])
    assert "a &amp; b" in text and "1 connection" in text


def test_durations_are_readable():
    assert [tables.microseconds(value) for value in (3.4, 999, 1500, 12_345, 2_500_000)] == [
        "3 µs", "999 µs", "1.5 ms", "12 ms", "2.5 s"]


def test_copies_of_a_module_differ_only_in_a_custom_section():
    module = wasm.hello_of_size(5000, 1)
    assert 4000 < len(module) < 6000
    assert wasm.distinct(module, 1).startswith(module) and wasm.distinct(module, 1) != wasm.distinct(module, 2)
    assert wasm.hello_of_size(5000, 1) == module != wasm.hello_of_size(5000, 2)


@pytest.mark.parametrize("language", sources.LANGUAGES)
def test_copies_of_a_source_differ_in_what_they_answer(language):
    hello = sources.path("hello", language).read_text()
    assert hello.count("Hello World!") == 1 and sources.HELLO == "Hello World!\n"
    assert sources.distinct(language, 7).decode() == hello.replace("Hello World!", "Hello 7!")
    assert sources.answer(7) == "Hello 7!\n"


def test_options_follow_the_language():
    assert sources.query("js") == "?language=js" and sources.query("js", "reuse=128") == "?language=js&reuse=128"


@pytest.mark.parametrize("groups", [source.GROUPS, template.GROUPS])
def test_groups_compare_what_there_is(groups):
    for group in groups.values():
        assert {group.base, *group.others} <= set(group.workload.names)


def test_throughput_has_javascript_and_leaves_slower_ones_to_who_asks():
    assert len(peers.HELLO.names) == len(set(peers.HELLO.names)) and peers.HELLO.names[0] == peers.BASE
    assert "mayfly, JavaScript" in peers.DEFAULT and "mayfly, http 0.2, reused" in peers.DEFAULT
    assert "mayfly, Python" not in peers.DEFAULT and "mayfly, JavaScript, reused" not in peers.DEFAULT


def test_the_body_of_the_template_is_ten_kilobytes_and_the_same_each_time():
    assert 9_500 < len(template.body()) < 11_500 and template.body() == template.body()
    made = template.rendered(template.body())
    assert made["count"] == template.ITEMS and made["page"].count("<li ") == template.ITEMS
    assert "&lt;quick&gt;" in made["page"] and "<quick>" not in made["page"] and "{{" not in made["page"]
    assert template.TEMPLATE.is_answer(json.dumps(made).encode())
    assert not template.TEMPLATE.is_answer(json.dumps({**made, "total": made["total"] + 1}).encode())


def test_a_wsgi_application_is_a_program_of_cgi(tmp_path):
    peers.cgi("/usr/bin/python3 -IS", sources.path("template", "python"), peers.HERE / "wsgi.cgi.py")(80, tmp_path)
    body = template.body()
    ran = subprocess.run([tmp_path / "index.cgi"], input=body, env={"CONTENT_LENGTH": str(len(body))}, capture_output=True,
                         check=True, timeout=30)
    head, _, answer = ran.stdout.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"Status: 200 OK" and f"Content-Length: {len(answer)}".encode() in head
    assert template.TEMPLATE.is_answer(answer)


def test_children_that_have_ended_count():
    parent = processes.Process(["sh", "-c", "sh -c 'while [ $((n += 1)) -lt 300000 ]; do :; done'; exec sleep 60"], port=0)
    try:
        used = 0
        for _ in range(600):
            used = max(used, parent.cpu_seconds())
            if processes._ticks(parent.child.pid) > 2:  # its own are none
                break
            processes.time.sleep(0.05)
        assert processes._ticks(parent.child.pid) > 2, f"{used} s"
    finally:
        parent.stop()
    assert processes._ticks(parent.child.pid) == 0, "nothing of one that is gone"


def test_proportional_memory_is_read():
    assert processes.proportional("Rss:   2196 kB\nPss:    456 kB\nPss_Dirty:   148 kB\n") == 456 << 10
    assert processes.proportional(pathlib.Path(f"/proc/{os.getpid()}/smaps_rollup").read_text()) > 1 << 20


def test_memory_is_told_with_what_limits_it():
    assert density._told(4 << 20, 1 << 20, 3 << 20, 70) == "4.0 MiB (1.0 MiB anonymous, 3.0 MiB proportional, 70 mappings)"
    assert density._told(4 << 20, 1 << 20, None, 70) == "4.0 MiB (1.0 MiB anonymous, 70 mappings)"


def test_refusals_are_told_by_their_detail():
    assert wire.explained(b'{"status":400,"detail":"option `reuse`: no"}') == "option `reuse`: no"
    assert wire.explained(b"<html>") == "b'<html>'" and wire.explained(b"[1]") == "b'[1]'"
