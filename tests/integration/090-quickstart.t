# The quickstart: builds its workloads, runs, and leaves results that other programs can read.
. "$TOP/tests/lib.sh"
quickstart=$TOP/configs/quickstart.yaml

ok "its file is good" joulerig check "$quickstart"
is "without a warning" "$(joulerig check "$quickstart" 2>&1 | grep -c warning)" 0

status=0
joulerig run "$quickstart" --db q.db --blocks 2 >table 2>progress || status=$?
is "it runs" "$status" 0
[ "$status" = 0 ] || diag table progress
like "its label" "$(head -n 1 table)" '^quickstart\.1 .*done'
for benchmark in compute bandwidth lock; do
	like "a table for $benchmark" "$(cat table)" "^$benchmark on "
done
is "what of energy is said once" "$(grep -c 'energy not measured' table)" "$([ -e /sys/class/powercap/intel-rapl:0/energy_uj ] && grep -c 'energy not measured' table || echo 1)"
wide=0
while IFS= read -r line; do [ ${#line} -le 130 ] || wide=$((wide + 1)); done <table
is "no line is overlong" "$wide" 0

joulerig export quickstart.1 --db q.db --what runs --format ndjson >runs
steps=$(jq -r 'select(.benchmark == "compute") | .parameters.threads' runs | sort -nu | wc -l)
is "every configuration in every block" "$(wc -l <runs)" $((3 * steps * 2))
is "all done" "$(jq -r .state runs | sort -u)" done
is "the keys of a run" "$(jq -r 'keys_unsorted | join(" ")' runs | sort -u)" \
	"campaign run block host benchmark parameters state attempt started_at exit_code metrics units uncertainty flags"
is "standard metrics are there" "$(jq -r '[.metrics | has("time", "time.user", "time.system", "memory.peak")] | all' runs | sort -u)" true
is "bandwidth is extracted, with its unit" \
	"$(jq -r 'select(.benchmark == "bandwidth") | (.metrics.bandwidth > 0), .units.bandwidth' runs | sort -u | tr '\n' ' ')" "MB/s true "
is "csv has the same runs" "$(joulerig export quickstart.1 --db q.db --what runs --format csv | tail -n +2 | wc -l)" "$(wc -l <runs)"
joulerig export quickstart.1 --db q.db --what output --format ndjson >output
is "a checksum does not depend on the threads" "$(grep -o 'checksum[^0-9]*[0-9]*' output | sort -u | wc -l)" 3

joulerig run "$quickstart" --db q.db --blocks 1 --set threads=1 >again 2>&1
like "a second run is quickstart.2" "$(cat again)" 'quickstart\.2'
like "the first is still there" "$(joulerig results quickstart.1 --db q.db)" '^quickstart\.1'

for program in compute bandwidth lock; do
	mkdir -p w && cp "$TOP"/configs/workloads/* w/ && make -s -C w "$program" >/dev/null 2>&1
	fails "$program: a wrong argument" 2 "w/$program" --threads 0
	is "$program: one line of JSON" "$("w/$program" --threads 3 --work 20 | jq -r 'keys | join(" ")')" "checksum rate work"
done
done_testing
