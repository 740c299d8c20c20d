# `joulerig deploy`: installs, enrols and starts agents over ssh. Its ssh is a script that runs each command here, in a home of
# its own for each host; at the end a real one, where there is an sshd.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
stop_agents() {
	local f pid
	for f in hosts/*/.local/state/joulerig-agent/agent.pid; do
		pid=$(cat "$f" 2>/dev/null) && [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null && wait_for 60 not_there "$pid"
	done
	[ -z "${SSHD_PID:-}" ] || kill "$SSHD_PID"
}
not_there() { [ ! -e "/proc/$1/exe" ] || [ "$(cut -d' ' -f3 "/proc/$1/stat")" = Z ]; }
trap 'stop_agents; stop_cluster' EXIT

# ---- hosts ----
cat >ssh <<'SH'
#!/bin/sh
# As ssh: options, a login, a command.
while [ "$1" = -o ]; do shift 2; done
host=${1#*@}
echo "$1: $2" >>"$LOG"
if [ "$host" = gone ]; then
	echo "ssh: connect to host gone port 22: No route to host" >&2
	exit 255
fi
if [ "$host" = slow ]; then
	echo $$ >"$HOSTS/slow.pid"
	exec sleep 600
fi
echo "Welcome to $host"
export HOME="$HOSTS/$host" PATH="$HOSTS/$host/fake:$PATH"
cd "$HOME" && exec sh -c "$2"
SH
chmod +x ssh
export LOG=$PWD/ssh.log HOSTS=$PWD/hosts
host() {
	mkdir -p "hosts/$1/fake"
	printf '#!/bin/sh\nexit 1\n' >"hosts/$1/fake/systemctl" # no systemd there
	chmod +x "hosts/$1/fake/systemctl"
}
fake() { { echo '#!/bin/sh'; cat; } >"hosts/$1/fake/$2"; chmod +x "hosts/$1/fake/$2"; }
deploy() { timeout -k 5 240 joulerig deploy --coordinator "$ADDRESS" --keys keys --ssh "$PWD/ssh" --user-service "$@"; }
field() { jq -r ".[] | select(.host == \"$1\") | .$2"; }
for h in lab1 lab2 lab3 bare arm old; do host $h; done
state() { echo "hosts/$1/.local/state/joulerig-agent"; }
pid() { cat "$(state "$1")/agent.pid"; }

# ---- what is refused before any host is touched ----
fails "no coordinator is named" 2 timeout 60 joulerig deploy lab1 --keys keys
like "it says what is missing" "$(cat "$tap_log")" '--coordinator tcp://HOST:7710 is missing'
ADDRESS=tcp://127.0.0.1:9
fails "a folder without keys" 2 deploy lab1
like "it says where to run it" "$(cat "$tap_log")" 'keys has no key of a coordinator'
start_coordinator
fails "two of one name" 2 deploy admin@lab1.example.org lab1
like "it says how to name them" "$(cat "$tap_log")" 'would both be lab1; give names: NAME=lab1'
fails "a label with a space" 2 deploy lab1 --label "a=b c"
fails "no host at all" 2 deploy
fails "an address with a space" 2 deploy lab1 --coordinator "tcp://127.0.0.1:9 --name x" --no-start
is "no host was touched" "$(cat ssh.log 2>/dev/null)" ''

# ---- a look ----
ok "--dry-run" deploy lab1 --dry-run
like "it tells what it would do" "$(cat "$tap_log")" '^lab1  would install [0-9]'
is "and changes nothing" "$(find hosts/lab1 | sort | paste -sd' '; ls keys/trusted 2>/dev/null)" "hosts/lab1 hosts/lab1/fake hosts/lab1/fake/systemctl"

# ---- five hosts, of which two work ----
fake bare ldd <<<'echo "	libzmq.so.5 => not found"; echo "	libpcre2-8.so.0 => not found"; echo "	libc.so.6 => /lib/libc.so.6 (0x0)"'
fake arm uname <<<'echo pdp11'
mkdir -p hosts/lab2/.local/bin
printf '#!/bin/sh\necho joulerig-agent 0.0.9\n' >hosts/lab2/.local/bin/joulerig-agent
chmod +x hosts/lab2/.local/bin/joulerig-agent
fails "some fail" 1 deploy lab1 lab2=ann@lab2 bare arm gone --label pool=a --label rack=7
said=$(cat "$tap_log")
like "one is installed and there" "$said" '^lab1  installed [0-9.]+, enrolled, connected \(energy: '
like "one is upgraded" "$said" '^lab2  upgraded 0\.0\.9 to [0-9.]+, enrolled, connected'
like "of one, the package is named that has its library" "$said" '^bare  failed at install: libraries are missing there: libzmq.so.5 libpcre2-8.so.0 ?; on bare run: sudo apt install libzmq5 libpcre2-8-0'
like "of one, its architecture" "$said" '^arm   failed at probe: it is pdp11, the programs here are for '
like "one is not reached, for the reason that ssh has" "$said" '^gone  not reached: ssh: connect to host gone port 22: No route to host; try it by hand: ssh gone'
like "and how many" "$said" '2 of 5 hosts are good; failed: 2, not reached: 1'
hosts=$(joulerig hosts --coordinator "$ADDRESS" --keys keys --format json)
is "the coordinator has them, with their labels" "$(jq -r '.[] | "\(.name) \(.state) \(.labels)"' <<<"$hosts" | paste -sd';')" \
	'lab1 idle pool=a rack=7;lab2 idle pool=a rack=7'
is "nothing of it is left there" "$(ls -d hosts/*/.joulerig-deploy.* 2>/dev/null; ls -A hosts/bare hosts/arm | paste -sd' ')" 'hosts/arm: fake  hosts/bare: fake'
is "those that failed are not trusted" "$(ls keys/trusted | paste -sd' ')" 'lab1 lab2'
is "secret keys are theirs alone" "$(stat -c %a "$(state lab1)/secret-key") $(stat -c %a "$(state lab1)")" '600 700'
secret=$(cut -d' ' -f2 "$(state lab1)/secret-key")
is "and stay there" "$(grep -rlF -- "$secret" . 2>/dev/null)" "./$(state lab1)/secret-key"

# ---- told to end ----
joulerig deploy slow late --jobs 1 --coordinator "$ADDRESS" --keys keys --ssh "$PWD/ssh" --user-service >stopped 2>&1 &
deploying=$!
wait_for 60 test -s hosts/slow.pid
kill -TERM $deploying
wait $deploying
is "a signal ends it" $? 130
ok "with the ssh that it waits for" wait_for 60 not_there "$(cat hosts/slow.pid)"
like "each host is told of" "$(cat stopped)" '^slow  failed at probe: interrupted; deploy it again'
like "that of which nothing was begun, too" "$(cat stopped)" '^late  failed at probe: interrupted before it was begun'
unlike "as nothing was" "$(cat ssh.log)" '^late'

# ---- sudo that warns ----
mkdir -p hosts/warns/fake
fake warns sudo <<'SH'
echo "sudo: unable to resolve host warns: Name or service not known" >&2
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
SH
fake warns systemctl <<<'exit 1'
fake warns mktemp <<<'exit 1'
fails "where sudo warns" 1 deploy warns --sudo
like "what went wrong is told, not that" "$(cat "$tap_log")" '^warns  failed at probe: no folder can be made'

# ---- the same again ----
first=$(pid lab1) key=$(cat keys/trusted/lab1)
ok "again" deploy lab1 lab2 --label pool=a --label rack=7
like "nothing is changed" "$(cat "$tap_log")" '^lab1  unchanged '
is "nor is the agent another one" "$(pid lab1)" "$first"
exec=hosts/lab1/.local/libexec/joulerig/joulerig-exec # of another release
{ cat $exec; echo; } >other && chmod 755 other && mv other $exec
echo '# kept' >>hosts/lab1/.config/joulerig/agent.env
ok "an upgrade" deploy lab1 --label pool=b --format json
is "is told as such" "$(sed '/^\[/,/^\]/!d' "$tap_log" | field lab1 'result + " " + (.connected | tostring)')" 'good true'
unlike "the agent is started anew" "$(pid lab1)" "^$first\$"
ok "the old one has ended" not_there "$first"
is "it is the same host" "$(cat keys/trusted/lab1)" "$key"
ok "its programs are these" cmp "$BUILD/joulerig-exec" $exec
is "its settings too, and what else stands there stays" "$(sed 's/^\(JOULERIG_[A-Z_]*\)=.*/\1/' hosts/lab1/.config/joulerig/agent.env | paste -sd';')" \
	'# kept;JOULERIG_COORDINATOR;JOULERIG_SERVER_KEY;AGENT_OPTIONS=--name lab1 --label pool=b'
first=$(pid lab1)
{ cat $exec; echo; } >other && chmod 755 other && mv other $exec
ok "an upgrade with --no-start" deploy lab1 --label pool=b --no-start
unlike "leaves none stopped that ran" "$(pid lab1)" "^$first\$"
ok "but starts it anew" test -e "/proc/$(pid lab1)/exe"
{ cat $exec; echo; } >other && chmod 755 other && mv other $exec
first=$(pid lab1)
fake lab1 cp <<<'echo "cp: No space left on device" >&2; exit 1'
fails "what cannot be installed" 1 deploy lab1 --label pool=b
is "ends no agent that runs" "$(pid lab1) $(readlink -q "/proc/$first/exe" | grep -c joulerig-agent)" "$first 1"
rm hosts/lab1/fake/cp
ok "with room it can be" deploy lab1 --label pool=b
kill -KILL "$(pid lab2)"
ok "one that was killed is started" deploy lab2 --label pool=a --label rack=7
like "it is there again" "$(cat "$tap_log")" '^lab2  unchanged .* connected'

# ---- runs ----
printf 'campaign: t\nbenchmarks: {a: {command: [/bin/true]}}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 1}\n' >t.yaml
ok "they measure" timeout 120 bash -c "joulerig submit t.yaml --coordinator $ADDRESS --keys keys >/dev/null 2>&1 && joulerig watch t.1 --coordinator $ADDRESS --keys keys"

# ---- another machine, and no machine ----
stop_agents
rm "$(state lab1)/secret-key"
fails "a state that was lost is another key" 1 deploy lab1 --no-start
like "which is not taken silently" "$(cat "$tap_log")" '^lab1  failed at enrol: .*lab1'
fails "some are not reached, all else is good" 4 deploy lab2 gone --no-start
fake lab3 systemctl <<'SH'
echo "$@" >>"$HOME/calls"
[ "$2" != is-active ] && [ "$3" != is-active ]
SH
ok "with systemd" deploy lab3 --no-start
unit=hosts/lab3/.config/systemd/user/joulerig-agent.service
like "a unit is written" "$(cat $unit)" "^ExecStart=\"$PWD/hosts/lab3/.local/bin/joulerig-agent\" --state .* \\\$AGENT_OPTIONS\$"
is "and --no-start is heeded" "$(grep -Ec 'start|enable' hosts/lab3/calls)" 0
if command -v systemd-analyze >/dev/null; then
	ok "the unit is a good one" env XDG_RUNTIME_DIR="$PWD" systemd-analyze verify --man=no --user "$PWD/$unit"
else
	skip "the unit is a good one" "no systemd-analyze here"
fi
is "the manager is told when it is there, and whether it hangs" "$(grep -Ec '^(Type=notify|WatchdogSec=1min)$' $unit)" 2

# A home whose path means something to systemd.
odd='50% of $us'
host "$odd"
cp hosts/lab3/fake/systemctl "hosts/$odd/fake/systemctl"
ok "a home with signs in its path" deploy "odd=$odd" --no-start
unit="hosts/$odd/.config/systemd/user/joulerig-agent.service"
like "the unit has them for systemd" "$(grep ^ExecStart= "$unit")" '^ExecStart="[^ ]*/50%% of [$]us/.local/bin/joulerig-agent" --state ".*/50%% of [$][$]us/'
if command -v systemd-analyze >/dev/null; then
	cp "$unit" odd.service
	ok "it is a good one, too" env XDG_RUNTIME_DIR="$PWD" systemd-analyze verify --man=no --user "$PWD/odd.service"
	diag "$tap_log"
else
	skip "it is a good one, too" "no systemd-analyze here"
fi

# ---- a service of the system: that of `make install-service`, in a root of its own ----
cat >as_root <<'SH'
#!/bin/sh
# As ssh to root, where all that deploy writes to lies below $HOSTS/sys.
while [ "$1" = -o ]; do shift 2; done
export HOME="$HOSTS/sys/home" PATH="$HOSTS/sys/fake:$PATH" ROOT="$HOSTS/sys" COMMAND="$2"
exec unshare -rm sh -c 'for d in usr/local var/lib etc run; do mount --bind "$ROOT/$d" "/$d" || exit 1; done; cd "$HOME" && exec sh -c "$COMMAND"'
SH
chmod +x as_root
mkdir -p hosts/sys/home hosts/sys/fake hosts/sys/usr/local hosts/sys/var/lib hosts/sys/etc hosts/sys/run/systemd/system
for f in useradd groupadd usermod chown udevadm systemd-sysusers; do fake sys $f <<<'echo "${0##*/} $*" >>"$HOSTS/sys/calls"'; done
fake sys getent <<<'exit 2'
fake sys setpriv <<<'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
fake sys id <<<'case $* in -u) echo 0 ;; -nG*) echo joulerig-agent ;; *) exit 1 ;; esac'
cp hosts/lab3/fake/systemctl hosts/sys/fake/systemctl
as_root() { timeout -k 5 240 joulerig deploy --coordinator "$ADDRESS" --keys keys --ssh "$PWD/as_root" --no-start "$@"; }
if ./as_root sys "$BUILD/joulerig-agent --version" >/dev/null 2>&1; then
	ok "as root" as_root sys
	diag "$tap_log"
	sed 's,/usr/bin/,/usr/local/bin/,' "$TOP/configs/service/joulerig-agent.service" >packaged.service
	lib=hosts/sys/usr/local/lib
	ok "the unit is the packaged one" cmp packaged.service $lib/systemd/system/joulerig-agent.service
	ok "the user too" cmp "$TOP/configs/service/joulerig-agent.sysusers" $lib/sysusers.d/joulerig-agent.conf
	ok "its folder" cmp "$TOP/configs/service/joulerig-agent.tmpfiles" $lib/tmpfiles.d/joulerig-agent.conf
	ok "who reads energy" cmp "$TOP/configs/service/joulerig.rules" $lib/udev/rules.d/70-joulerig.rules
	like "who is the agent" "$(paste -sd';' hosts/sys/calls)" 'usermod --append --groups joulerig-energy joulerig-agent'
	is "its settings" "$(sed '/^#/d; /^$/d' hosts/sys/etc/joulerig/agent.env | cut -d= -f1 | paste -sd' ')" 'JOULERIG_COORDINATOR JOULERIG_SERVER_KEY AGENT_OPTIONS'
	ok "again" as_root sys
	like "changes nothing" "$(cat "$tap_log")" '^sys  unchanged '
	if command -v systemd-analyze >/dev/null; then
		sed "s,/usr/local/bin/,$PWD/hosts/sys/usr/local/bin/," packaged.service >joulerig-agent.service
		ok "the unit is a good one there" systemd-analyze verify --man=no "$PWD/joulerig-agent.service"
	else
		skip "the unit is a good one there" "no systemd-analyze here"
	fi
else
	skip "as root" "no mount namespaces here"
fi
fake old ldd <<<'echo "./joulerig-agent: /lib/libc.so.6: version \`GLIBC_2.99'"'"' not found (required by ./joulerig-agent)"'
fails "an older C library" 1 deploy old
like "it says what to do" "$(cat "$tap_log")" '^old  failed at install: its libraries are older .*GLIBC_2.99 is missing.*--package'
kill_coordinator
fails "no coordinator" 4 deploy lab1
like "no host is touched then" "$(cat "$tap_log")" 'nobody answers'

# ---- a real sshd ----
start_coordinator
real_sshd() {
	local sshd
	sshd=$(command -v sshd || ls /usr/sbin/sshd 2>/dev/null) && command -v ssh-keygen >/dev/null || { why="no sshd here"; return 1; }
	[ "$(id -u)" != 0 ] || [ -d /run/sshd ] || { why="sshd wants /run/sshd"; return 1; }
	mkdir -p real hosts/real && chmod 700 real
	ssh-keygen -q -t ed25519 -N '' -f real/host && ssh-keygen -q -t ed25519 -N '' -f real/user || return 1
	# The login's own home is not touched.
	printf 'command="cd %s && HOME=%s XDG_RUNTIME_DIR= exec sh -c \\"$SSH_ORIGINAL_COMMAND\\"" %s\n' "$PWD/hosts/real" "$PWD/hosts/real" "$(cat real/user.pub)" >real/authorized
	for port in $(seq 22022 17 22400); do
		"$sshd" -D -e -f /dev/null -h "$PWD/real/host" -p "$port" -o ListenAddress=127.0.0.1 -o StrictModes=no -o UsePAM=no \
			-o PidFile=none -o AuthorizedKeysFile="$PWD/real/authorized" 2>real/log &
		SSHD_PID=$!
		if wait_for 10 grep -Eq 'Server listening|error|fatal' real/log && grep -q 'Server listening' real/log; then
			break
		fi
		kill "$SSHD_PID" 2>/dev/null; SSHD_PID=
	done
	[ -n "$SSHD_PID" ] || { why="sshd does not start"; return 1; }
	SSH="ssh -F none -p $port -i $PWD/real/user -o UserKnownHostsFile=$PWD/real/known -o StrictHostKeyChecking=accept-new"
	$SSH -o BatchMode=yes "$(id -un)@127.0.0.1" true 2>/dev/null || { why="sshd lets $(id -un) not in"; return 1; }
}
why="no sshd"
if real_sshd; then
	ok "over a real ssh" timeout -k 5 240 joulerig deploy "real=$(id -un)@127.0.0.1" --coordinator "$ADDRESS" --keys keys --user-service --ssh "$SSH"
	like "it is there" "$(cat "$tap_log")" '^real  installed .*, connected'
	fails "with a key that it does not take" 4 timeout -k 5 240 joulerig deploy "real=$(id -un)@127.0.0.1" --coordinator "$ADDRESS" --keys keys --user-service \
		--ssh "${SSH/real\/user/real/host}"
	like "it says what to do" "$(cat "$tap_log")" '^real  not reached: .*ssh must get in without a question: ssh-copy-id'
else
	skip "over a real ssh" "$why"
fi
done_testing
