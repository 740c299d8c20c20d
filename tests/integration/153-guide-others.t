# docs/containers.md, energy.md and troubleshooting.md: their commands. Of docker and sudo stand-ins check what they are
# asked for against docker/compose.yaml, the Dockerfile and the programs, and run what runs in containers here.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
. "$TOP/tests/meter.sh"
. "$TOP/tests/guide.sh"
python3 -c 'import yaml' 2>/dev/null || skip_all 'python3-yaml is not there'
trap 'unmount_meters; stop_cluster' EXIT

cp -r "$TOP/docker" docker
mkdir lib # the coordinator's /var/lib/joulerig
DB=$PWD/lib/joulerig.db
ln -s lib/joulerig.db.d/keys keys
mkdir -p lib/joulerig.db.d/keys && chmod 700 lib/joulerig.db.d lib/joulerig.db.d/keys
start_coordinator
start_agent agent1
start_agent agent2
there() { [ "$(joulerig hosts --db "$DB" --format ndjson | grep -c '"idle"')" = 2 ]; }
wait_for 60 there

{ echo "#!$(command -v python3)"; cat <<'P'; } >.guide/bin/docker && chmod +x .guide/bin/docker
import os, re, subprocess, sys, yaml
lib = os.environ["LIB"]
def bad(*words):
    sys.exit("docker: " + " ".join(words))
def options(args, with_value, without=()):
    """Takes the options off the front; what is left begins with no dash."""
    found = {}
    while args and args[0].startswith("-"):
        o = args.pop(0)
        if o in without:
            found[o] = True
        elif o in with_value and args:
            found.setdefault(o, []).append(args.pop(0))
        else:
            bad("no such option", o)
    return found
def there(args):
    """A command in a container, here; an agent that would stay is asked for help, after it has looked at all options."""
    args = [a.replace("/var/lib/joulerig", lib).replace("/usr/share/joulerig/", os.environ["TOP"] + "/docker/") for a in args]
    if args[0] == "joulerig-agent":
        args = [re.sub("^/host$", "/", a) for a in args]
        args += ["--help"] if args[1].startswith("-") else []
    sys.exit(subprocess.run(args, cwd=lib).returncode)
targets = re.findall(r"^FROM .* AS (\w+)$", open("docker/Dockerfile").read(), re.M)
verb, *args = sys.argv[1:]
if verb == "compose":
    file = options(args, ["-f"]).get("-f") or bad("compose without -f")
    compose = yaml.safe_load(open(file[0]))
    verb = args.pop(0)
    if verb == "up":
        options(args, [], ["--build", "--detach"])
        [s for s in compose["services"].values() if s["image"] not in ("joulerig", "joulerig-agent")] and bad("an image that nothing builds")
    elif verb == "exec":
        args.pop(0) in compose["services"] or bad("no such service")
        there(args)
    else:
        bad("no such verb", verb)
elif verb == "run":
    found = options(args, ["-v", "--restart", "--name", "--cap-drop", "--cap-add", "--security-opt", "--stop-timeout", "--group-add"],
                    ["--rm", "--detach", "--init"])
    for v in found.get("-v", []):
        source, to = v.split(":")[:2]
        (to == "/host" + source if source.startswith("/") else to == "/var/lib/joulerig") or bad("volume", v)
    args[0] == "joulerig-agent" or bad("no such image", args[0])
    there(args)
elif verb == "build":
    found = options(args, ["-f", "--target", "--build-arg", "-t"])
    found["--target"][0] in targets and os.path.exists(found["-f"][0]) and args == ["."] or bad("build")
elif verb == "volume":
    args[0] == "create" and len(args) == 2 or bad("volume")
else:
    bad("no such verb", verb)
P
export LIB=$PWD/lib
# What root would do is not done: the agent is asked what it would do, all else is shown.
shim sudo <<'SH'
case "$1 $2 $3" in
"joulerig-agent doctor --fix") shift 2; joulerig-agent doctor --dry-run "${@/--dry-run/--fix}" || [ $? = 1 ] ;;
usermod* | groupadd*) echo "$@" ;;
"sh -c "*) sh -n -c "$3" && echo "$@" ;;
*) echo "sudo: not expected: $*"; exit 1 ;;
esac
SH
shim getent <<<'echo "$2:x:7710:"'
shim make <<<'seq 100000 >/dev/null'
export USER=ann

replace "'THAT KEY'" "'$(joulerig-agent key --state other | head -n 1)'"
replace "'ITS KEY'" "'$SERVER_KEY'"
replace tcp://COORDINATOR:7710 "$ADDRESS"
sed -i 's/blocks: 7/blocks: 2/' docker/nightly.yaml
guide "$TOP/docs/containers.md"

# ---- energy: where no counters are, a meter that is known stands in for them ----
if [ -x "$BUILD/tests/meter" ] && mount_meter meter --zone name=package-0,power=50W,unit=61; then
	export JOULERIG_ROOT=$PWD/meter
	replace 'for 10s' 'for 0.2s'
	guide "$TOP/docs/energy.md"
	like "joules are told" "$(cat .guide/*.sh.out)" ' J .* W +energy.package-0'
	unset JOULERIG_ROOT
else
	skip "docs/energy.md" "no meter can be mounted here"
fi

# ---- troubleshooting: in the folder of the store ----
cd lib && mkdir -p .guide/bin && : >.guide/env && pwd >.guide/pwd
guide "$TOP/docs/troubleshooting.md"
done_testing
