# Runs that take no time, one after the other: each once, also where everything is killed at once between two of them.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

RUNS=300
# No more runs than `most` says end until it says more: what is killed is killed in the middle.
cat >p.yaml <<YAML
campaign: pipe
benchmarks:
  short:
    command: 'echo >>$PWD/begun; until [ \$(wc -l <$PWD/begun) -le \$(cat $PWD/most) ]; do sleep 0.05; done'
measure: {energy: off}
repeat: {warmup: 0, blocks: $RUNS}
YAML
progress() { joulerig export "$1" --coordinator "$ADDRESS" --keys keys 2>/dev/null | jq -r 'select(.state == "done") | .run' | wc -l; }
at_least() { [ "$(progress "$1")" -ge "$2" ]; }
begun_at_least() { [ "$(wc -l <begun)" -ge "$1" ]; }

: >begun
echo 1000 >most
start_coordinator
start_agent alpha
joulerig submit p.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
ok "a campaign of $RUNS short runs is done" joulerig watch pipe.1 --coordinator "$ADDRESS" --keys keys
joulerig export pipe.1 --coordinator "$ADDRESS" --keys keys >runs
is "every run is there, once, at its first attempt" "$(jq -r '[.run, .state, .attempt] | join(" ")' runs | sort -n | uniq | sed 's/^[0-9]* //' | sort | uniq -c | tr -s ' ')" " $RUNS done 1"
is "and every command ran once" "$(wc -l <begun)" "$RUNS"

# A result is on disk before the next run is let go: with all killed at once, no more than the run under way is done again.
: >begun
echo 50 >most
joulerig submit p.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
for most in 110 190 1000; do
	wait_for 120 begun_at_least "$(($(cat most) + 1))"
	kill -KILL "$SERVE_PID" "${AGENT_PID[alpha]}"
	wait "$SERVE_PID" "${AGENT_PID[alpha]}" 2>/dev/null
	echo "$most" >most
	start_coordinator
	start_agent alpha
done
ok "after three times that all was killed at once the campaign ends" joulerig watch pipe.2 --coordinator "$ADDRESS" --keys keys
joulerig export pipe.2 --coordinator "$ADDRESS" --keys keys >runs
is "every run is there, once" "$(jq -r 'select(.state == "done") | .run' runs | sort -n | uniq | wc -l) of $(wc -l <runs)" "$RUNS of $RUNS"
ok "each time no more than one run was done again: $(wc -l <begun) began" test "$(wc -l <begun)" -le $((RUNS + 3))
no_tmp() { [ -z "$(ls -A agents/alpha/tmp)" ]; }
ok "no temporary directory is left" wait_for 120 no_tmp

# The temporary directory of a run that left it as it was is the next one's.
tmp_campaign() { # NAME COMMAND: what its runs wrote, each line with its count
	printf 'campaign: %s\nbenchmarks: {t: {command: %s}}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 12}\n' "$1" "'$2'" >t.yaml
	joulerig submit t.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
	joulerig watch "$1.1" --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
	joulerig export "$1.1" --coordinator "$ADDRESS" --keys keys --what output --to "$1.out" >/dev/null
	cat "$1.out"/*/stdout | sort | uniq -c | awk '{$1 = $1; print}'
}
is "an untouched one is empty, and ours alone" "$(tmp_campaign idle 'stat -c "%a %u" $TMPDIR; ls -A $TMPDIR')" "12 700 $(id -u)"
is "one that was written to is not there again" "$(tmp_campaign writes 'ls -A $TMPDIR; touch $TMPDIR/x; echo written')" "12 written"
is "nor one whose mode was changed" "$(tmp_campaign modes 'stat -c %a $TMPDIR; chmod 0711 $TMPDIR; sleep 0.02')" "12 700"
is "nor one that was written to and cleared" "$(tmp_campaign clears 'test -e $TMPDIR/.. && touch $TMPDIR/x && rm $TMPDIR/x && mkdir $TMPDIR/y && rmdir $TMPDIR/y && echo cleared')" "12 cleared"
done_testing
