# README.md and docs/cluster.md: their commands, in their order, with an ssh that runs each here, in a home of its own for each host.
. "$TOP/tests/lib.sh"
stop() {
	local f pid
	for f in hosts/*/.local/state/joulerig-agent/agent.pid serve.pid; do
		pid=$(cat "$f" 2>/dev/null) && [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null && wait_for 60 [ ! -e "/proc/$pid/cwd" ]
	done
}
trap 'stop; rm -f "$tap_log"' EXIT

# In a folder of its own: a cluster of lab01 and lab02, of which nobody has heard yet.
begin() {
	mkdir "$1" && cd "$1" && mkdir -p hosts/lab01 hosts/lab02 none
	. "$TOP/tests/guide.sh"
	printf '#!/bin/sh\nexit 1\n' >none/systemctl && chmod +x none/systemctl # no systemd there
	shim ssh <<SH
while [ "\$1" = -o ]; do shift 2; done
export HOME="$PWD/hosts/\${1#*@}" PATH="$PWD/none:\$PATH"
cd "\$HOME" && exec sh -c "\$2"
SH
	# Where the coordinator listens: on loopback, at whichever port is free.
	shim address <<SH
for i in \$(seq 600); do
	a=\$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' "$PWD"/.guide/*.sh.out | tail -n 1)
	[ -z "\$a" ] || { echo "\$a"; exit 0; }
	sleep 0.1
done
echo nowhere
SH
	replace tcp://0.0.0.0:7710 tcp://127.0.0.1:0
	replace '.db &' ".db & echo \$! >serve.pid"
	replace tcp://head:7710 "\$(address)"
	replace 'joulerig deploy' 'joulerig deploy --user-service' # root's agents would go to /usr/local
	replace 'submit sort.yaml' 'submit sort.yaml --blocks 2'
}
both_came() { is "both agents are there" "$(cat .guide/*.sh.out | grep -c ' enrolled, connected (energy: ')" 2; }

begin cluster
guide "$TOP/docs/cluster.md"
both_came
is "both have measured" "$(joulerig export sort | jq -r .host | sort -u | paste -sd' ')" 'lab01 lab02'
joulerig deploy --help >help
for option in $(grep -oE -- '`--[a-z-]+' "$TOP/docs/cluster.md" | tr -d '`' | sort -u); do
	grep -qE -- "(^|[[:space:]])$option([[:space:],]|$)" help || fail "there is $option"
done
stop
cd .. || exit 1

begin readme
cat >nightly.yaml <<'YAML'
campaign: nightly
benchmarks: {prog: {command: "seq 20000 | tail -n 1"}}
repeat: {warmup: 0, blocks: 2}
schedule: {cron: "0 2 * * *"}
YAML
joulerig run nightly.yaml >/dev/null 2>&1 # the night before
shim git <<<'echo c0ffee4'
shim hyperfine <<'SH'
while [ "$1" != --export-json ]; do shift; done
one() { echo "{\"command\": \"gzip -$1 -c numbers\", \"mean\": $2, \"times\": [$2, $2, $2], \"exit_codes\": [0, 0, 0], \"parameters\": {\"level\": \"$1\"}}"; }
echo "{\"results\": [$(one 1 0.1), $(one 6 0.2)]}" >"$2"
SH
replace build/joulerig joulerig
replace 'run gzip.yaml' 'run gzip.yaml --blocks 2'
replace 'submit gzip.yaml' 'submit gzip.yaml --blocks 2'
replace 'seq 1000000' 'seq 20000'
guide "$TOP/README.md"
both_came
like "the sweep was done" "$(joulerig schedule list)" 'nightly\.[0-9]+ +done'
done_testing
