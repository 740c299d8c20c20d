# docs/cluster.md: its commands, in its order, with an ssh that runs each here, in a home of its own for each host.
. "$TOP/tests/lib.sh"
. "$TOP/tests/guide.sh"
stop() {
	local f pid
	for f in hosts/*/.local/state/joulerig-agent/agent.pid serve.pid; do
		pid=$(cat "$f" 2>/dev/null) && [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null && wait_for 60 [ ! -e "/proc/$pid/cwd" ]
	done
	rm -f "$tap_log"
}
trap stop EXIT

mkdir -p hosts/lab01 hosts/lab02 none
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
guide "$TOP/docs/cluster.md"

like "both agents are there" "$(cat .guide/*.sh.out | grep -c ' enrolled, connected (energy: ')" '^2$'
is "both have measured" "$(joulerig export sort | jq -r .host | sort -u | paste -sd' ')" 'lab01 lab02'
joulerig deploy --help >help
for option in $(grep -oE -- '`--[a-z-]+' "$TOP/docs/cluster.md" | tr -d '`' | sort -u); do
	grep -qE -- "(^|[[:space:]])$option([[:space:],]|$)" help || fail "there is $option"
done
done_testing
