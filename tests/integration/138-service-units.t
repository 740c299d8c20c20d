# The units and what goes with them: systemd-analyze finds nothing wrong, they are hardened, and the programs can work so.
. "$TOP/tests/lib.sh"
units=$TOP/configs/service
command -v systemd-analyze >/dev/null || skip_all "no systemd-analyze here"
systemd-analyze security --help 2>/dev/null | grep -q -- --offline || skip_all "this systemd-analyze reads no units that are not loaded"

# As installed, but for where the programs are: here there is no /usr/bin/joulerig.
mkdir units
for u in joulerig joulerig-agent; do sed "s,/usr/bin/,$BUILD/," "$units/$u.service" >units/$u.service; done
verify() { systemd-analyze verify --man=no units/joulerig.service units/joulerig-agent.service >verify.log 2>&1 && [ ! -s verify.log ]; }
ok "systemd-analyze verify is silent" verify
diag verify.log

# exposure UNIT: in tenths, as --threshold takes it
exposure() { systemd-analyze security --offline=true --no-pager "units/$1.service" 2>/dev/null | sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\).*/\1\2/p'; }
for want in joulerig:20 joulerig-agent:35; do
	got=$(exposure "${want%:*}")
	ok "${want%:*} is exposed by less than ${want#*:} tenths: ${got:-nothing}" test -n "$got" -a "${got:-99}" -lt "${want#*:}"
done
for d in "$units"/drop-ins/*.conf; do
	u=$(sed -n '1s,.*/\(joulerig[a-z-]*\)\.service\.d/.*,\1,p' "$d")
	mkdir -p "units/$u.service.d" && cp "$d" "units/$u.service.d/"
	ok "with $(basename "$d") it is a good unit" verify
	rm "units/$u.service.d/$(basename "$d")"
done

# What a filter of system calls lets through: groups are expanded, "~" takes out.
allowed() {
	local line word
	sed -n 's/^SystemCallFilter=//p' "$units/$1.service" | while read -r line; do
		for word in ${line#\~}; do
			case $word in @*) systemd-analyze syscall-filter --no-pager "$word" | expand_groups ;; *) echo "$word" ;; esac | sed "s/^/$([ "${line#\~}" = "$line" ] && echo + || echo -)/"
		done
	done | awk '{ name = substr($0, 2); if (/^[+]/) on[name] = 1; else delete on[name] } END { for (name in on) print name }' | sort
}
expand_groups() {
	sed '1d; s/#.*//; s/^ *//; /^$/d' | while read -r name; do
		case $name in @*) systemd-analyze syscall-filter --no-pager "$name" | expand_groups ;; *) echo "$name" ;; esac
	done
}
allowed joulerig-agent >agent.allowed
allowed joulerig >coordinator.allowed
for call in perf_event_open sched_setaffinity set_mempolicy clone3 execve pidfd_open capset prctl; do
	ok "the agent may $call" grep -qx "$call" agent.allowed
done
for call in mount bpf init_module reboot ptrace; do fails "but not $call" 1 grep -qx "$call" agent.allowed; done
for call in mount ptrace perf_event_open; do fails "the coordinator may not $call" 1 grep -qx "$call" coordinator.allowed; done

# And what a campaign really calls, from its planning to the last benchmark, is let through.
if command -v strace >/dev/null && ! is_sanitized && strace -D -f -o /dev/null true 2>/dev/null; then
	. "$TOP/tests/cluster.sh"
	trap stop_cluster EXIT
	cat >c.yaml <<'YAML'
campaign: calls
benchmarks: {sort: {command: [/bin/sh, -c, 'seq 1000 | sort -R | tail -n 1']}}
measure: {energy: auto, counters: [instructions]}
placement: {cpus: 1, memory: local}
limits: {memory: 1GiB, processes: 100}
repeat: {warmup: 0, blocks: 1}
YAML
	start_coordinator() {
		strace -D -f -qq -o serve.calls joulerig serve --listen tcp://127.0.0.1:0 --db c.db --keys keys 2>serve.log &
		SERVE_PID=$!
		wait_for 120 grep -q 'listening on' serve.log
		ADDRESS=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' serve.log | tail -n 1)
		SERVER_KEY=$(joulerig key show --keys keys)
	}
	start_coordinator
	AGENT_IN=(strace -D -f -qq -o agent.calls)
	start_agent alpha
	joulerig submit c.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>submit.log || diag submit.log
	ok "a campaign runs to its end" joulerig watch calls.1 --coordinator "$ADDRESS" --keys keys
	calls() { sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$1" | sort -u; }
	is "the agent's filter has all that it calls" "$(calls agent.calls | comm -23 - agent.allowed)" ""
	is "the coordinator's, too" "$(calls serve.calls | comm -23 - coordinator.allowed)" ""
else
	skip "calls of a campaign" "no strace that works here"
fi

# What else an administrator relies on.
is "nothing that a manager starts by itself asks for a terminal or a home" "$(grep -hE '^(User|StateDirectory)=' "$units"/*.service | sort | tr '\n' ' ')" \
	"StateDirectory=joulerig StateDirectory=joulerig-agent User=joulerig User=joulerig-agent "
is "users and groups are made that the units name" \
	"$(grep -hE '^[ug] ' "$units"/*.sysusers | awk '{print $2}' | sort | tr '\n' ' ')" "joulerig joulerig-agent joulerig-energy "
is "the rule and doctor --fix mean the same group" "$(grep -o 'chgrp [a-z-]*' "$units/joulerig.rules")" \
	"chgrp $(sed -n 's/^#define GROUP  *"\([^"]*\)".*/\1/p' "$TOP/agent/commands/doctor_fix.c")"
if command -v systemd-sysusers >/dev/null; then
	mkdir -p root/etc && : >root/etc/passwd && : >root/etc/group
	ok "sysusers reads them" systemd-sysusers --root="$PWD/root" --dry-run - <"$units/joulerig-agent.sysusers"
else
	skip "sysusers" "no systemd-sysusers here"
fi
for f in "$units"/agent.env; do fails "agent.env has nothing that a shell would not take, either" 1 grep -vE '^(#.*|[A-Z_]+=[^`$]*|)$' "$f"; done
done_testing
