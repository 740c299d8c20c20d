# The part "swarm" of tests/bench/run: many agents of a few processes (swarm.c) against one real coordinator, beside what bare SQLite
# and bare CURVE sockets do with the same rows and frames (swarm_limits.c). Sourced by it.
AGENTS=${BENCH_AGENTS:-1000}
IDLE=${BENCH_IDLE:-10000}
SWARM_BLOCKS=${BENCH_BLOCKS:-100} # runs of each agent

pss() { awk '/^Pss:/ { print $2 * 1024 }' "/proc/$1/smaps_rollup"; }
# CPU time of a process so far, in ticks of 10 ms
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# What the store's cache holds of a file that was just written, bytes: all of it, up to 32 MiB.
store_cache() { sqlite3 "$1" "SELECT min(page_count * page_size, 32 << 20) FROM pragma_page_count, pragma_page_size"; }

# swarm_fits AGENTS PROCESSES: whether this many descriptors may be open, two for each agent in its process, one at the coordinator
swarm_fits() {
	local most
	most=$(ulimit -Hn)
	[ "$most" = unlimited ] || { [ "$most" -gt $(($1 + 100)) ] && [ "$most" -gt $((2 * $1 / $2 + 100)) ]; }
}

swarm_serve() { # KEYS
	rm -rf swarm.db*
	: >serve.log
	joulerig serve --listen tcp://127.0.0.1:0 --db swarm.db --keys "$1" 2>serve.log &
	serve_pid=$!
	wait_for_line 'listening on' serve.log "$serve_pid"
	swarm_address=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' serve.log)
	swarm_key=$(joulerig key show --keys "$1")
}

# swarm_start PROCESSES AGENTS SECRETS: connected when it returns
swarm_start() {
	local i each=$(($2 / $1))
	swarm_pids=()
	for i in $(seq "$1"); do
		: >"swarm.$i"
		"$BUILD/bench/swarm" agents "$swarm_address" "$swarm_key" "$3" $(((i - 1) * each + 1)) "$each" inventory.json >"swarm.$i" &
		swarm_pids+=($!)
	done
	for i in $(seq "$1"); do wait_for_line ready "swarm.$i" "${swarm_pids[i - 1]}"; done
}

# The figures of all processes, into swarm.figures: "RUNS SECONDS P50 P99 MAX DOUBLE". In this shell: another could not wait for them.
swarm_stop() {
	kill "${swarm_pids[@]}"
	wait "${swarm_pids[@]}" || true
	swarm_pids=()
	sed -s '/ready/d' swarm.[0-9]* | awk '{ n += $1; if (!first || ($2 && $2 < first)) first = $2; if ($3 > last) last = $3
		p50 += $4; if ($5 > p99) p99 = $5; if ($6 > max) max = $6; twice += $7 }
		END { print n, (last - first) / 1e9 + 1e-9, p50 / NR, p99, max, twice }' >swarm.figures
}

swarm_end_serve() {
	kill "$serve_pid"
	wait "$serve_pid" || true
	serve_pid=
}

swarm_campaign() {
	cat >swarm.yaml <<-YAML
		campaign: swarm
		benchmarks: {"true": {command: [/bin/true]}}
		measure: {energy: off}
		repeat: {warmup: 0, blocks: $SWARM_BLOCKS}
	YAML
	joulerig submit swarm.yaml --coordinator "$swarm_address" --keys swarm.keys >out.txt 2>&1 || { cat out.txt >&2; exit 1; }
	# Nobody watches: what is said to a user's program would be measured, too.
	until [ "$(sqlite3 swarm.db "SELECT state FROM campaign" 2>/dev/null)" = done ]; do
		kill -0 "$serve_pid" 2>/dev/null || { log "ended early:"; cat serve.log >&2; exit 1; }
		sleep 0.2
	done
}

swarm_busy() {
	local before busy cpu runs seconds p50 p99 max twice
	swarm_serve swarm.keys
	before=$(pss "$serve_pid")
	swarm_start 2 "$AGENTS" swarm.secrets
	put swarm_memory "$(calc "($(pss "$serve_pid") - $before) / $AGENTS / 1024")"
	cpu=$(ticks "$serve_pid")
	swarm_campaign
	busy=$(pss "$serve_pid")
	put swarm_memory_busy "$(calc "($busy - $before) / $AGENTS / 1024")"
	put swarm_memory_uncached "$(calc "($busy - $before - $(store_cache swarm.db)) / $AGENTS / 1024")"
	put swarm_cpu "$(calc "($(ticks "$serve_pid") - $cpu) * 1e4 / ($AGENTS * $SWARM_BLOCKS)")"
	swarm_stop
	read -r runs seconds p50 p99 max twice <swarm.figures
	swarm_end_serve
	[ "$runs $twice $(sqlite3 swarm.db "SELECT count(*) FILTER (WHERE state = 'done') FROM run")" = \
		"$((AGENTS * SWARM_BLOCKS)) 0 $((AGENTS * SWARM_BLOCKS))" ] || { log "runs were lost or counted twice: $runs $twice"; exit 1; }
	put swarm_rate "$(calc "$runs / $seconds")"
	put swarm_p50 "$(calc "$p50 / 1000")"
	put swarm_p99 "$(calc "$p99 / 1000")"
}

# The same rows into a bare file, as many a commit as a turn of the coordinator takes at most.
swarm_sqlite() {
	local runs seconds commits
	rm -f bare.db*
	read -r runs seconds commits < <("$BUILD/bench/swarm_limits" rows swarm.db bare.db 256)
	put swarm_sqlite "$(calc "$runs / $seconds")"
	put swarm_commits "$(calc "$commits / $seconds")"
}

# As many bare sockets, a frame of about the size of RESULT answered by one of the size of ASSIGN.
swarm_curve() {
	local router i address key
	: >router.out
	"$BUILD/bench/swarm_limits" router router.keys 500 >router.out &
	router=$!
	swarm_pids=("$router")
	wait_for_line tcp router.out "$router"
	read -r address key <router.out
	for i in 1 2; do
		"$BUILD/bench/swarm" echo "$address" "$key" swarm.secrets $(((i - 1) * AGENTS / 2 + 1)) $((AGENTS / 2)) 400 \
			$((AGENTS * SWARM_BLOCKS / 2)) >"echo.$i" &
		swarm_pids+=($!)
	done
	for i in 1 2; do wait "${swarm_pids[i]}"; done
	kill "$router"
	wait "$router" || true
	swarm_pids=()
	put swarm_curve "$(cat echo.1 echo.2 | awk '{ n += $1; if (!first || $2 < first) first = $2; if ($3 > last) last = $3 }
		END { print n / ((last - first) / 1e9) }')"
}

swarm_idle() {
	local before cpu
	if ! swarm_fits "$IDLE" 4; then
		log "skipped: $IDLE agents need more descriptors than $(ulimit -Hn)"
		return
	fi
	"$BUILD/bench/swarm" keys idle.keys idle.secrets "$IDLE"
	log "$IDLE agents connect"
	swarm_serve idle.keys
	before=$(pss "$serve_pid")
	swarm_start 4 "$IDLE" idle.secrets
	sleep 5
	cpu=$(ticks "$serve_pid")
	sleep 40
	put swarm_idle "$(calc "($(ticks "$serve_pid") - $cpu) / 40")"
	put swarm_idle_memory "$(calc "($(pss "$serve_pid") - $before) / $IDLE / 1024")"
	swarm_stop
	swarm_end_serve
}

swarm_rounds() {
	if ! swarm_fits "$AGENTS" 2; then
		log "skipped: $AGENTS agents need more descriptors than $(ulimit -Hn)"
		return
	fi
	ulimit -Sn "$(ulimit -Hn)"
	joulerig-agent inventory --format json >inventory.json
	"$BUILD/bench/swarm" keys swarm.keys swarm.secrets "$AGENTS"
	for round in $(seq "$ROUNDS"); do
		log "round $round of $ROUNDS: a swarm of $AGENTS"
		swarm_busy
		swarm_sqlite
		swarm_curve
	done
	swarm_idle
}

# verdict NAME OPERATOR GOAL TEXT
swarm_verdict() { awk "BEGIN { print \"goal $4: \" (($(median "$1") $2 $3) ? \"met\" : \"missed\") }"; }

swarm_report() {
	[ -s data/swarm_rate ] || return 0
	compare "runs committed per second" 1 swarm_rate "the same rows, bare SQLite, 256 a commit" swarm_sqlite
	compare "" 1 swarm_rate "round trips of $AGENTS bare CURVE sockets" swarm_curve
	row "" "" "commits a second of bare SQLite" "$(number "$(median swarm_commits)")" "" "$(swarm_verdict swarm_rate '>=' 10000 '>= 10,000')"
	row "RESULT to COMMITTED, median, ms" "$(number "$(median swarm_p50)")" "two under way for each of $AGENTS agents" "" "" ""
	row "99 % of them, ms" "$(number "$(median swarm_p99)")" "" "" "" ""
	row "coordinator's CPU time a run, us" "$(number "$(median swarm_cpu)")" "both threads" "" "" ""
	row "memory an agent, KiB" "$(number "$(median swarm_memory)")" "connected" "" "" "$(swarm_verdict swarm_memory '<' 64 '< 64 KiB')"
	row "" "$(number "$(median swarm_memory_busy)")" "after $SWARM_BLOCKS runs each, the store's cache in it" "" "" ""
	row "" "$(number "$(median swarm_memory_uncached)")" "the same, the cache not counted" "" "" ""
	[ -s data/swarm_idle ] || return 0
	row "$IDLE idle agents, % of a core" "$(number "$(median swarm_idle)")" "heartbeats of 15 s, mostly" "" "" \
		"$(swarm_verdict swarm_idle '<' 5 '< 5 %')"
	row "memory an agent, KiB" "$(number "$(median swarm_idle_memory)")" "$IDLE connected" "" "" ""
}
