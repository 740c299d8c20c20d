# The files of the images, as far as they can be held to each other without an engine: what is copied is there and not ignored, the
# compose file fits the images, packages come from packages.list. `make test-images` builds and runs them.
. "$TOP/tests/lib.sh"
python3 -c 'import yaml' 2>/dev/null || skip_all 'python3-yaml is not there'
cd "$TOP" || exit 1
[ -e docker/Dockerfile ] || skip_all 'this is no source tree'

# ---- Dockerfile ----

dockerfile() { sed -e ':a' -e '/\\$/N; s/\\\n//; ta' docker/Dockerfile | sed '/^#/d'; }
sources=$(dockerfile | sed -n 's/^COPY \([^-].*\) [^ ]*$/\1/p' | tr ' ' '\n')
is 'what is copied is there' "$(for f in $sources; do [ -e "$f" ] || echo "$f"; done)" ''
# An entry of .dockerignore lets in what is at it or below it; or above it, as far as that goes.
is 'and is not ignored' "$(for f in $sources; do
	f=${f%/} let_in=
	[ "$f" != . ] || continue
	while read -r entry; do
		case $f/ in "$entry"/*) let_in=1 ;; esac
		case $entry/ in "$f"/*) let_in=1 ;; esac
	done < <(sed -n 's/^!//p' .dockerignore)
	[ -n "$let_in" ] || echo "$f"
done)" ''
is 'nothing else is let in' "$(grep -v '^#' .dockerignore | head -n 1)" '*'
is 'what is let in is there' "$(sed -n 's/^!//p' .dockerignore | while read -r f; do [ -e "$f" ] || [ "${f#build/}" != "$f" ] || echo "$f"; done)" ''
like 'packages to build with are those of packages.list' "$(dockerfile)" '^RUN tests/tools/install-packages build$'
is 'none is named beside that' "$(dockerfile | grep -oE '\blib[a-z0-9.+-]+(-dev|[0-9])\b' | grep -v '^libcap2$')" ''
is 'nobody is root in the end' "$(dockerfile | awk '/^FROM/ { stage = $NF } /^USER/ { user[stage] = $2 } END { print user["coordinator"], user["agent"] }')" \
	'joulerig joulerig'
unlike 'no compiler gets in' "$(dockerfile | sed -n '/ AS base/,$p')" 'install-packages|gcc|make '
is 'scripts can be run' "$(for f in docker/enrol docker/healthy docker/libraries; do [ -x "$f" ] || echo "$f"; done)" ''
like 'libraries finds the packages of a program' "$(command -v dpkg-query >/dev/null && docker/libraries "$BUILD/joulerig" || echo libzmq5)" '^libzmq5$'

# ---- compose.yaml ----

compose() { python3 - "$1" <<'P'
import re, sys, yaml
c = yaml.safe_load(open("docker/compose.yaml"))
services, targets = c["services"], set(re.findall(r"^FROM .* AS (\w+)$", open("docker/Dockerfile").read(), re.M))
for name, s in services.items():
    def bad(check, what):
        if check == sys.argv[1]:
            print(f"{name}: {what}")
    for needed, how in s.get("depends_on", {}).items():
        if needed not in services:
            bad("services", f"depends on {needed}, which is not there")
        elif how["condition"] == "service_completed_successfully" and "restart" in services[needed]:
            bad("services", f"waits for the end of {needed}, which is started again")
    if "build" in s and (s["build"]["target"] not in targets or s["build"]["context"] != ".."):
        bad("services", "is built of nothing")
    for volume in s.get("volumes", []):
        source, target, *mode = volume.split(":")
        if not source.startswith("/") and source not in c["volumes"]:
            bad("volumes", f"no volume {source}")
        if source.startswith("/") and (mode != ["ro"] or target != "/host" + source):
            bad("volumes", f"{volume} of the host is not read-only below /host")
    for port in s.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            bad("safe", f"{port} is open to others")
    if s.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in s.get("security_opt", []) or s.get("privileged"):
        bad("safe", "has rights that it does not need")
    if name != "coordinator" and any(v.startswith("coordinator:") for v in s.get("volumes", [])) and name != "enrol":
        bad("safe", "has the coordinator's keys")
    if re.match(r"agent\d", name) and "enrol:/enrol:ro" not in s["volumes"]:
        bad("safe", "can let agents in")
P
}
ok 'the compose file can be read' python3 -c 'import yaml; yaml.safe_load(open("docker/compose.yaml"))'
is 'its services fit' "$(compose services)" ''
is 'its volumes too' "$(compose volumes)" ''
is 'nobody has more than is needed' "$(compose safe)" ''
if command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1; then
	ok 'compose takes it' bash -c 'docker compose -f docker/compose.yaml config --quiet || docker-compose -f docker/compose.yaml config --quiet'
else
	skip 'compose takes it' 'it is not installed'
fi

# ---- what they run ----

cd "$OLDPWD" || exit 1
ok 'the campaign of the image is good' joulerig check "$TOP/docker/nightly.yaml"
is 'it needs no file and no compiler' "$(grep -E '^(files|setup)' "$TOP/docker/nightly.yaml")" ''
mkdir enrol
joulerig-agent key --state a1 >enrol/agent1.agent
joulerig-agent key --state a2 >enrol/agent2.agent
ok 'agents are enrolled' "$TOP/docker/enrol" enrol keys
is 'each by its name' "$(joulerig key list --keys keys | awk '{ print $1, $NF }' | sort)" "$(printf 'agent agent1\nagent agent2')"
is 'the key of the coordinator is there for them' "$(cat enrol/coordinator.key)" "$(joulerig key show --keys keys)"
ok 'a second time changes nothing' "$TOP/docker/enrol" enrol keys
is 'at all' "$(joulerig key list --keys keys | wc -l)" 2
mkdir none
fails 'where there is no agent it says so' 2 "$TOP/docker/enrol" none keys
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
joulerig serve --listen tcp://127.0.0.1:0 --http 127.0.0.1:0 --db c.db --keys keys 2>serve.log &
SERVE_PID=$!
wait_for 60 grep -q 'listening on' serve.log
PORT=$(sed -n 's|.*http://127.0.0.1:\([0-9]*\)/.*|\1|p' serve.log)
ok 'the health check finds a coordinator well' wait_for 60 "$TOP/docker/healthy" "$PORT"
kill_coordinator
fails 'and its absence' 1 "$TOP/docker/healthy" "$PORT"
done_testing
