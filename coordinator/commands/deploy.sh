# What `joulerig deploy` does on a host, given to `sh -s` there. Before it stand the variables step (probe, install, start,
# tell, forget_stage), where (auto, user), name, coordinator, server_key, options, stage, dry, package (1: what is staged are
# packages). It answers in lines KEY=VALUE; whatever else a login prints is skipped. `error` says what went wrong.
# shellcheck shell=sh disable=SC2015,SC2016,SC2154
set -u
export LC_ALL=C

# ---- where things are ----
uid=$(id -u)
if [ "$where" = auto ] && [ "$uid" = 0 ]; then
	mode=system
	bin=/usr/local/bin lib=/usr/local/libexec/joulerig state=/var/lib/joulerig-agent etc=/etc/joulerig
	[ -z "$package" ] || { bin=/usr/bin; lib=/usr/libexec/joulerig; }
	unit=/etc/systemd/system/joulerig-agent.service
else
	mode=user
	bin=$HOME/.local/bin lib=$HOME/.local/libexec/joulerig state=$HOME/.local/state/joulerig-agent etc=$HOME/.config/joulerig
	unit=$HOME/.config/systemd/user/joulerig-agent.service
fi
agent=$bin/joulerig-agent
if [ $mode = system ]; then ctl() { systemctl "$@"; }; else ctl() { systemctl --user "$@"; }; fi

service=none
if command -v systemctl >/dev/null 2>&1; then
	if [ $mode = system ]; then
		[ ! -d /run/systemd/system ] || service=systemd
	else
		! systemctl --user show-environment >/dev/null 2>&1 || service=systemd
	fi
fi

fail() { echo "error=$*"; exit 1; }
# Whoever runs benchmarks that came over the network is not root.
as_agent() {
	if [ $mode = system ]; then
		setpriv --reuid=joulerig-agent --regid=joulerig-agent --init-groups --inh-caps=-all -- "$@"
	else
		"$@"
	fi
}
setting() { sed -n "s/^$1=//p" "$etc/agent.env" | tail -n 1; }

# ---- the agent that runs ----
# The process of agent.pid, if that is still the agent: numbers are given again.
process() {
	pid=$(cat "$state/agent.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
	case $(readlink "/proc/$pid/exe" 2>/dev/null) in
	"$agent"*) echo "$pid" ;;
	*) return 1 ;;
	esac
}
is_running() { if [ $service = systemd ]; then ctl is-active --quiet joulerig-agent; else process >/dev/null; fi; }
# SIGTERM lets a run end first; its results are kept in any case.
stop() {
	echo "stopped=1"
	if [ $service = systemd ]; then
		ctl stop joulerig-agent || fail "systemctl cannot stop joulerig-agent"
		return
	fi
	pid=$(process) || return 0
	kill -TERM "$pid"
	left=120
	while process >/dev/null; do
		left=$((left - 1))
		[ $left -gt 0 ] || fail "the agent, process $pid, has not ended within 120 s; a long --drain-timeout? end it, then deploy again"
		sleep 1
	done
}

# ---- steps ----
probe() {
	if [ -z "$dry" ]; then
		made=$(mktemp -d "$HOME/.joulerig-deploy.XXXXXX") || fail "no folder can be made in $HOME"
		echo "stage=$made"
	fi
	echo "arch=$(uname -m)"
	echo "mode=$mode"
	echo "service=$service"
	echo "was=$("$agent" --version 2>/dev/null | sed -n 's/^joulerig-agent //p')"
}

forget_stage() { case $stage in */.joulerig-deploy.*) rm -rf -- "$stage" ;; esac; }

# $1.new as $1, where it says something else.
take_new() {
	if cmp -s "$1.new" "$1"; then
		rm -f "$1.new"
	else
		changed=1
		mv -f "$1.new" "$1" || fail "$1 cannot be written"
	fi
}

check_programs() {
	chmod 755 "$stage/joulerig-agent" "$stage/joulerig-exec"
	libraries=$(ldd "$stage/joulerig-agent" 2>&1)
	missing=$(printf '%s\n' "$libraries" | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | tr '\n' ' ')
	[ -z "$missing" ] || { echo "missing=$missing"; exit 1; }
	old=$(printf '%s\n' "$libraries" | sed -n "s/.*version .\([^' ]*\). not found.*/\1/p" | head -n 1)
	[ -z "$old" ] || { echo "old=$old"; exit 1; }
	said=$("$stage/joulerig-agent" --version 2>&1) || fail "joulerig-agent does not run here: $(printf '%s' "$said" | head -n 1)"
}

# Where $1, which came, belongs.
place_of() { if [ "$1" = joulerig-agent ]; then echo "$agent"; else echo "$lib/$1"; fi; }

# What runs is of one release: the agent ends before the programs that it starts are others, and not before these lie beside
# them, so that a full disk ends nothing. Old files stay whole for those that have them open.
put_programs() {
	check_programs
	mkdir -p "$bin" "$lib" || fail "$bin and $lib cannot be made"
	programs="joulerig-exec libjoulerig-pin.so joulerig-agent"
	for f in $programs; do
		at=$(place_of "$f")
		rm -f "$at.new"
		! cmp -s "$stage/$f" "$at" || continue
		changed=1
		cp "$stage/$f" "$at.new" && chmod 755 "$at.new" || { rm -f "$at.new"; fail "$at cannot be written"; }
	done
	if [ -n "$changed" ] && is_running; then stop; fi
	for f in $programs; do
		at=$(place_of "$f")
		[ ! -e "$at.new" ] || mv -f "$at.new" "$at" || fail "$at cannot be written"
	done
}

# The package's own scripts end and start the agent.
put_packages() {
	before=$("$agent" --version 2>/dev/null)
	said=$(DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o Dpkg::Options::=--force-confold "$stage"/*.deb 2>&1) ||
		fail "apt-get install: $(printf '%s\n' "$said" | grep '^E: ' | head -n 1)"
	[ "$before" = "$("$agent" --version)" ] || changed=1
}

put_user() {
	[ $mode = system ] || return 0
	id joulerig-agent >/dev/null 2>&1 ||
		useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin joulerig-agent ||
		fail "the user joulerig-agent cannot be made"
	mkdir -p "$state" && chmod 700 "$state" && chown joulerig-agent:joulerig-agent "$state" || fail "$state cannot be made"
}

# Whatever else stands in it stays.
put_settings() {
	mkdir -p "$etc" "$state" || fail "$etc and $state cannot be made"
	[ $mode = system ] || chmod 700 "$state"
	{
		if [ -f "$etc/agent.env" ]; then
			grep -v -e '^JOULERIG_COORDINATOR=' -e '^JOULERIG_SERVER_KEY=' -e '^AGENT_OPTIONS=' "$etc/agent.env"
		fi
		printf 'JOULERIG_COORDINATOR=%s\nJOULERIG_SERVER_KEY=%s\nAGENT_OPTIONS=%s\n' "$coordinator" "$server_key" "--name $name$options"
	} >"$etc/agent.env.new" || fail "$etc/agent.env cannot be written"
	take_new "$etc/agent.env"
}

put_unit() {
	[ $service = systemd ] && [ -z "$package" ] || return 0
	mkdir -p "$(dirname "$unit")" || fail "the folder of $unit cannot be made"
	{
		printf '[Unit]\nDescription=Joulerig agent, which runs and measures what its coordinator sends\n'
		printf 'After=network-online.target\nWants=network-online.target\nStartLimitIntervalSec=0\n\n[Service]\n'
		printf 'EnvironmentFile=%s\nExecStart=%s --state %s $AGENT_OPTIONS\n' "$etc/agent.env" "$agent" "$state"
		printf 'WorkingDirectory=%s\nUMask=0027\nRestart=on-failure\nRestartSec=30s\nRestartPreventExitStatus=2\n' "$state"
		printf 'KillMode=mixed\nTimeoutStopSec=120s\nDelegate=memory pids io\nOOMPolicy=continue\nTasksMax=infinity\n'
		if [ $mode = system ]; then
			printf 'User=joulerig-agent\nGroup=joulerig-agent\nAmbientCapabilities=CAP_PERFMON\n'
			printf 'CapabilityBoundingSet=CAP_PERFMON\nNoNewPrivileges=yes\n\n[Install]\nWantedBy=multi-user.target\n'
		else
			printf '\n[Install]\nWantedBy=default.target\n'
		fi
	} >"$unit.new" || fail "$unit cannot be written"
	take_new "$unit"
}

install() {
	changed=
	trap forget_stage EXIT
	if [ -n "$package" ]; then put_packages; else put_programs; fi
	put_user
	put_settings
	put_unit
	if [ -n "$changed" ] && is_running; then stop; fi
	echo "changed=$changed"
	echo "version=$("$agent" --version | sed -n 's/^joulerig-agent //p')"
	key=$(as_agent "$agent" key --state "$state" 2>&1) || fail "its key cannot be made in $state: $key"
	echo "key=$key"
}

start() {
	! is_running || echo "running=1"
	if [ $service = systemd ]; then
		said=$(ctl daemon-reload 2>&1 && ctl enable joulerig-agent 2>&1) || fail "systemctl: $said"
		said=$(ctl start joulerig-agent 2>&1) || fail "systemctl start joulerig-agent: $said"
		[ $mode = system ] || [ "$(loginctl show-user "$(id -un)" -p Linger --value 2>/dev/null)" = yes ] ||
			loginctl enable-linger 2>/dev/null || echo "note=ends when $(id -un) logs out: loginctl enable-linger $(id -un)"
		return
	fi
	echo "note=no systemd here: it does not start by itself after a reboot"
	! process >/dev/null || return 0
	cd "$state" || fail "$state cannot be entered"
	umask 027
	JOULERIG_COORDINATOR=$(setting JOULERIG_COORDINATOR)
	JOULERIG_SERVER_KEY=$(setting JOULERIG_SERVER_KEY)
	export JOULERIG_COORDINATOR JOULERIG_SERVER_KEY
	# Its options are words without quotes.
	# shellcheck disable=SC2046
	if [ $mode = system ]; then
		setsid setpriv --reuid=joulerig-agent --regid=joulerig-agent --init-groups --inh-caps=-all -- \
			"$agent" --state "$state" $(setting AGENT_OPTIONS) >>"$state/agent.log" 2>&1 </dev/null &
	else
		setsid "$agent" --state "$state" $(setting AGENT_OPTIONS) >>"$state/agent.log" 2>&1 </dev/null &
	fi
	echo $! >"$state/agent.pid"
}

# What it said last.
tell() {
	if [ $service != systemd ]; then
		said=$(tail -n 2 "$state/agent.log" 2>/dev/null)
	elif [ $mode = system ]; then
		said=$(journalctl -u joulerig-agent -n 2 -o cat 2>/dev/null)
	else
		said=$(journalctl --user -u joulerig-agent -n 2 -o cat 2>/dev/null)
	fi
	echo "said=$(printf '%s' "$said" | tr '\n' ';')"
}

case $step in
probe | install | start | tell | forget_stage) $step ;;
esac
