# docs/cluster.md: its commands, one after the other, with an ssh that runs each here in a home of its own for each host; the
# options that it names are there, and its links lead somewhere.
. "$TOP/tests/lib.sh"
guide=$TOP/docs/cluster.md
stop() {
	local f pid
	for f in hosts/*/.local/state/joulerig-agent/agent.pid; do
		pid=$(cat "$f" 2>/dev/null) && [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null && wait_for 60 [ ! -e "/proc/$pid/cwd" ]
	done
	[ -z "${SERVE_PID:-}" ] || { kill -TERM "$SERVE_PID" 2>/dev/null; wait "$SERVE_PID" 2>/dev/null; }
	rm -f "$tap_log"
}
trap stop EXIT

mkdir -p bin hosts/lab01 hosts/lab02 none
printf '#!/bin/sh\nexit 1\n' >none/systemctl && chmod +x none/systemctl
cat >bin/ssh <<'SH'
#!/bin/sh
while [ "$1" = -o ]; do shift 2; done
export HOME="$HOSTS/${1#*@}" PATH="$HOSTS/../none:$PATH"
cd "$HOME" && exec sh -c "$2"
SH
chmod +x bin/ssh
export HOSTS=$PWD/hosts PATH=$PWD/bin:$PATH

blocks() { sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$guide"; }
is "the guide has its steps" "$(blocks | grep -c joulerig)" 8

# The coordinator listens on loopback, on whichever port is free.
serve=$(blocks | grep '^joulerig serve' | sed 's#tcp://0.0.0.0:7710#tcp://127.0.0.1:0#; s# &$##')
# shellcheck disable=SC2086
$serve 2>serve.log &
SERVE_PID=$!
ok "the coordinator" wait_for 60 grep -q 'listening on' serve.log
ADDRESS=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' serve.log | tail -n 1)
while read -r line; do
	# Root's agents would go to /usr/local.
	command=$(sed "s#tcp://head:7710#$ADDRESS#; s#^joulerig deploy#& --user-service#; s#^joulerig submit#& --blocks 2#" <<<"$line")
	ok "$line" timeout -k 5 240 bash -c "$command"
	[ "${line#*deploy}" = "$line" ] || like "both are there" "$(cat "$tap_log" | grep -c ' enrolled, connected (energy: ')" '^2$'
done < <(blocks | grep -v '^joulerig serve')

is "both have measured" "$(joulerig export sort | jq -r .host | sort -u | paste -sd' ')" 'lab01 lab02'
joulerig deploy --help >help
for option in $(grep -oE -- '`--[a-z-]+' "$guide" | tr -d '`' | sort -u); do
	grep -qE -- "(^|[[:space:]])$option([[:space:],]|$)" help || joulerig results --help | grep -qE -- "(^|[[:space:]])$option " || fail "there is $option"
done
for file in $(grep -oE '\]\([^)#]+' "$guide" | cut -c 3- | grep -v : | sort -u); do
	ok "link to $file" [ -e "$TOP/docs/$file" ]
done
done_testing
