# A large payload: it reaches each agent once, goes on where a link was cut, and is not sent again for the next campaign.
# JOULERIG_PAYLOAD_MB makes it larger (24): then memory must still not grow with it.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
megabytes=${JOULERIG_PAYLOAD_MB:-24}
size=$((megabytes * 1000000))
slack=$((8 * 1024 * 1024)) # what may be under way when a link is cut: asked for, and lost

mkdir payload && head -c $size /dev/urandom >payload/big && echo small >payload/small
cat >p.yaml <<'YAML'
campaign: payload
files: [payload]
benchmarks: {sum: {command: [/bin/sh, -c, 'wc -c <payload/big'], metrics: {bytes: {pattern: '(\d+)'}}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
sed 's/^campaign: .*/campaign: again/; s/blocks: 1/blocks: 2/' p.yaml >again.yaml

received() { awk '/files: [0-9]+ bytes of/ {for (i = 1; i < NF; i++) if ($i == "files:") n += $(i + 1)} END {printf "%d\n", n}' "agents/$1.log"; }
partial() { cat "$1"/partial/[0-9a-f]* 2>/dev/null | wc -c; }
user() { "$@" --coordinator "$ADDRESS" --keys keys; }
is_idle() { user joulerig hosts "$1" | grep -qw idle; }
peak() { awk '/^VmHWM/ {print $2}' "/proc/$1/status"; }
memory() { diag <<<"peak memory of $1: $(peak "$2") KiB"; }
gone() { ! kill -0 "$1" 2>/dev/null || [ "$(awk '/^State/ {print $2}' "/proc/$1/status")" = Z ]; }

# The coordinator dies when it has taken a third of it from the user (its file may not become larger).
ulimit -c 0
limit=$((size / 3 / 1024))
(ulimit -S -f $limit; exec joulerig serve --listen tcp://127.0.0.1:0 --db c.db --keys keys) 2>first.log &
first=$!
wait_for 120 grep -q 'listening on' first.log || diag first.log
ADDRESS=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' first.log)
LISTEN=$ADDRESS
SERVER_KEY=$(joulerig key show --keys keys)
start_agent delta # nothing is sent for a campaign that has no host
wait_for 120 is_idle delta
user joulerig submit p.yaml >/dev/null 2>&1 &
submit=$!
wait_for 120 gone $first || kill -KILL $first
kill -KILL $submit 2>/dev/null
{ wait $first $submit; } 2>/dev/null
kill_agent delta
unset 'AGENT_PID[delta]'
came=$(partial c.db.d/content)
ok "the coordinator keeps what came before it died" test "$came" -gt $((size / 4)) -a "$came" -lt $size
inode=$(stat -c %i c.db.d/content/partial/[0-9a-f]*)

start_coordinator
for host in alpha beta gamma; do start_agent $host --verbose; done
label=$(user joulerig submit p.yaml)
ok "the payload reaches three agents" user joulerig watch "$label"
is "whole" "$(user joulerig export "$label" | jq -r '[.host, .metrics.bytes] | join(" ")' | sort | tr '\n' ';')" \
	"alpha $size;beta $size;gamma $size;"
is "what the coordinator had was not sent again" "$(find c.db.d/content -type f -size +"$((size / 2))"c -printf '%i\n')" "$inode"
manifest=$(find c.db.d/content -type f -exec grep -lI '^f 0644' {} + | xargs cat | wc -c)
for host in alpha beta gamma; do
	is "each byte came once to $host" "$(received $host)" $((size + 6 + manifest))
	memory "agent $host" "${AGENT_PID[$host]}"
done
memory "the coordinator" "$SERVE_PID"
if [ $megabytes -ge 200 ]; then
	for p in "$SERVE_PID" "${AGENT_PID[@]}"; do
		ok "memory does not grow with the payload" test "$(peak "$p")" -lt 100000
	done
fi

label=$(user joulerig submit again.yaml)
ok "the next campaign goes" user joulerig watch "$label"
is "and is sent nothing" "$(received alpha) $(received beta) $(received gamma)" \
	"$((size + 6 + manifest)) $((size + 6 + manifest)) $((size + 6 + manifest))"

# An agent that dies when it has a third of it, and goes on from there.
delta() { exec joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state agents/delta --name delta --verbose 2>>agents/delta.log; }
(ulimit -S -f $limit; delta) &
AGENT_PID[delta]=$!
is_here() { user joulerig hosts delta; }
wait_for 120 is_here
sed 's/^campaign: .*/campaign: cut\nhosts: {names: [delta]}/' p.yaml >cut.yaml
label=$(user joulerig submit cut.yaml)
wait_for 120 gone "${AGENT_PID[delta]}" || kill -KILL "${AGENT_PID[delta]}"
wait "${AGENT_PID[delta]}" 2>/dev/null
came=$(partial agents/delta/files)
ok "an agent keeps what came before it died" test "$came" -gt $((size / 4)) -a "$came" -lt $size
delta &
AGENT_PID[delta]=$!
# And the coordinator is killed, as soon as more has come.
more() { [ "$(received delta)" -gt $((came + 2 * 1024 * 1024)) ]; }
wait_for 120 more
kill_coordinator
start_coordinator
ok "after both the campaign ends" user joulerig watch "$label"
is "all is there" "$(user joulerig export "$label" | jq -r .metrics.bytes)" $size
ok "nothing that was there came again" test "$(received delta)" -le $((size + 6 + manifest + 2 * slack))
diag <<<"bytes received by an agent that was cut twice: $(received delta) of $size"
done_testing
