# What `joulerig deploy` does on a host, given to `sh -s` there. Before it stand the variables step (probe, install, start,
# tell, forget_stage), where (auto, user), name, coordinator, server_key, options, stage, dry, package (1: what is staged are
# packages), and functions that print files of configs/service: agent_service, agent_sysusers, agent_tmpfiles, agent_env,
# udev_rules. It answers in lines KEY=VALUE; whatever else a login prints is skipped. `error` says what went wrong.
# shellcheck shell=sh disable=SC2015,SC2016,SC2154
set -u
export LC_ALL=C

# ---- where things are ----
uid=$(id -u)
if [ "$where" = auto ] && [ "$uid" = 0 ]; then
	mode=system
	bin=/usr/local/bin lib=/usr/local/libexec/joulerig state=/var/lib/joulerig-agent etc=/etc/joulerig
	[ -z "$package" ] || { bin=/usr/bin; lib=/usr/libexec/joulerig; }
	unit=/usr/local/lib/systemd/system/joulerig-agent.service
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

# What the function $2 prints as the file $1, where that says something else.
put_text() {
	mkdir -p "${1%/*}" && "$2" >"$1.new" && chmod 644 "$1.new" || fail "$1 cannot be written"
	take_new "$1"
}

# As `make install-service` does, and what docs/service.md has done after it; where there is no systemd, by hand.
put_user() {
	[ $mode = system ] && [ -z "$package" ] || return 0
	local=/usr/local/lib
	put_text $local/sysusers.d/joulerig-agent.conf agent_sysusers
	put_text $local/tmpfiles.d/joulerig-agent.conf agent_tmpfiles
	put_text $local/udev/rules.d/70-joulerig.rules udev_rules
	if [ $service = systemd ] && command -v systemd-sysusers >/dev/null 2>&1; then
		said=$(systemd-sysusers $local/sysusers.d/joulerig-agent.conf 2>&1) || fail "systemd-sysusers: $said"
	fi
	getent group joulerig-energy >/dev/null || groupadd --system joulerig-energy || fail "the group joulerig-energy cannot be made"
	id joulerig-agent >/dev/null 2>&1 ||
		useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin joulerig-agent ||
		fail "the user joulerig-agent cannot be made"
	case " $(id -nG joulerig-agent) " in
	*" joulerig-energy "*) ;;
	*) usermod --append --groups joulerig-energy joulerig-agent || fail "joulerig-agent cannot be put into the group joulerig-energy" ;;
	esac
	mkdir -p "$state" && chmod 700 "$state" && chown joulerig-agent:joulerig-agent "$state" || fail "$state cannot be made"
	[ -e /run/lock/joulerig.lock ] || ! mkdir -p /run/lock || : 2>/dev/null >/run/lock/joulerig.lock
	# Without udev, or before it hears of it, the agent says that it may not read the counters.
	! command -v udevadm >/dev/null 2>&1 ||
		{ udevadm control --reload; udevadm trigger --subsystem-match=powercap --action=add; } >/dev/null 2>&1
	return 0
}

# Whatever else stands in it stays.
put_settings() {
	mkdir -p "$etc" "$state" || fail "$etc and $state cannot be made"
	[ $mode = system ] || chmod 700 "$state"
	[ $mode = user ] || [ -e "$etc/agent.env" ] || agent_env >"$etc/agent.env"
	{
		if [ -f "$etc/agent.env" ]; then
			grep -v -e '^JOULERIG_COORDINATOR=' -e '^JOULERIG_SERVER_KEY=' -e '^AGENT_OPTIONS=' "$etc/agent.env"
		fi
		printf 'JOULERIG_COORDINATOR=%s\nJOULERIG_SERVER_KEY=%s\nAGENT_OPTIONS=%s\n' "$coordinator" "$server_key" "--name $name$options"
	} >"$etc/agent.env.new" || fail "$etc/agent.env cannot be written"
	chmod 640 "$etc/agent.env.new"
	take_new "$etc/agent.env"
}

# $1 as systemd takes it: where it reads no variables, as a program and behind a `=`, and among the arguments of a command.
as_path() { printf '%s' "$1" | sed 's/%/%%/g'; }
as_argument() { as_path "$1" | sed 's/\$/$$/g'; }

# What the packaged one has that a service of a user may have: it runs without any privilege.
user_unit() {
	printf '[Unit]\nDescription=Joulerig agent, which runs and measures what its coordinator sends\n'
	printf 'StartLimitIntervalSec=0\n\n[Service]\nType=notify\nEnvironmentFile=%s\n' "$(as_path "$etc/agent.env")"
	printf 'ExecStart="%s" --state "%s" $AGENT_OPTIONS\n' "$(as_path "$agent")" "$(as_argument "$state")"
	printf 'WorkingDirectory=%s\nUMask=0027\nWatchdogSec=1min\nRestart=on-failure\nRestartSec=30s\n' "$(as_path "$state")"
	printf 'RestartPreventExitStatus=2\nKillMode=mixed\nTimeoutStopSec=45s\nDelegate=memory pids io\nOOMPolicy=continue\n'
	printf 'TasksMax=infinity\n\n[Install]\nWantedBy=default.target\n'
}
# Below /usr/local, as its programs are.
system_unit() { agent_service | sed 's,/usr/bin/,/usr/local/bin/,'; }

put_unit() {
	[ $service = systemd ] && [ -z "$package" ] || return 0
	if [ $mode = system ]; then
		put_text "$unit" system_unit
		return
	fi
	case $HOME in
	*[[:cntrl:]\"\'\\]*) fail "no unit can name a program below $HOME: quotes, backslashes and line breaks are refused by systemd" ;;
	esac
	put_text "$unit" user_unit
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
