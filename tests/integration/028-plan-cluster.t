# joulerig plan over the hosts of a coordinator: who takes part, who plays which role, what earlier submissions took.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

start_coordinator
start_agent beta --label role=client --label pool=lab
start_agent alpha --label role=server
there() { [ "$(joulerig hosts --coordinator "$ADDRESS" --keys keys --format json | jq length)" = 2 ]; }
ok "two hosts" wait_for 120 there
plan() { joulerig plan "$@" --coordinator "$ADDRESS" --keys keys; }

printf 'campaign: both\nmatrix: {n: [1, 2]}\nbenchmarks: {a: {command: [sleep, "0.{n}"]}}\nplacement: {cpus: 1}\nmeasure: {energy: "off"}\nrepeat: {blocks: 6}\n' >both.yaml
like "both take part" "$(plan both.yaml 2>&1)" '^hosts    alpha \(2\), beta \(2\)$'
like "how many CPUs is told, not which" "$(plan both.yaml)" '^a +2  1 +n=1$'
is "no list in JSON" "$(plan both.yaml --format json | jq -c '[.hosts[].placement[] | has("list")] | unique')" '[false]'
label=$(joulerig submit both.yaml --coordinator "$ADDRESS" --keys keys --blocks 1 2>/dev/null)
joulerig watch "$label" --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
like "the coordinator's store is asked for the time" "$(plan both.yaml)" '^time     from both\.1: 4 of 4 configurations on 2 hosts; about '
sed 's/^benchmarks/hosts: {spread: any}\n&/' both.yaml >any.yaml
is "shared blocks take less time than blocks on every host" \
	"$(jq -n "$(plan any.yaml --format json | jq .estimate.seconds) < $(plan both.yaml --format json | jq .estimate.seconds)")" true
like "that they are shared is told" "$(plan any.yaml | tr -s '\n ' ' ')" 'blocks are shared out among the hosts, each to one'

sed 's/^benchmarks/hosts: {labels: {pool: lab}}\n&/' both.yaml >lab.yaml
like "who does not take part has a reason" "$(plan lab.yaml 2>&1 >/dev/null)" '^alpha: no label pool'
is "in JSON, too" "$(plan lab.yaml --format json | jq -r '.not_wanted[] | .host + ": " + .reason')" "alpha: no label pool (wanted 'lab')"
printf 'campaign: hosts\nbenchmarks: {a: {command: ["true"]}}\nrepeat: {blocks: 10}\ncompare: {by: host, baseline: alpha}\n' >hosts.yaml
like "hosts are compared" "$(plan hosts.yaml | tr -s '\n ' ' ')" 'compare host against alpha: 1 comparison a metric; one change among them needs at least 8 blocks '

cat >roles.yaml <<'Y'
campaign: roles
hosts: {spread: any}
benchmarks:
  rpc:
    roles:
      server: {hosts: {labels: {role: server}}, command: [./server], ready: {port: 7000}}
      client: {hosts: {labels: {role: client}}, command: [./client, "{hosts.server.address}"]}
    main: client
repeat: {blocks: 10}
Y
roles=$(plan roles.yaml 2>/dev/null | tr -s '\n ' ' ')
like "a role has its hosts" "$roles" 'role rpc, 1: server: \./server; on alpha; ready when port 7000 answers'
like "and the main one is told" "$roles" 'role rpc, 2: client \(what is measured ends with it\): \./client .*; on beta'
is "in JSON, too" "$(plan roles.yaml --format json 2>/dev/null | jq -c '[.roles[] | [.role, .main, .hosts]]')" \
	'[["server",false,["alpha"]],["client",true,["beta"]]]'
printf 'campaign: named\nhosts: {names: [alpha, beta, gamma]}\nbenchmarks: {a: {command: ["true"]}}\n' >named.yaml
kill_agent alpha
away() { joulerig hosts alpha --coordinator "$ADDRESS" --keys keys --format json | jq -e '.[0].state | . == "silent" or . == "offline"'; }
ok "a killed agent is found out" wait_for 120 away
named=$(plan named.yaml 2>&1 >/dev/null)
like "who is away is told" "$named" '^alpha is not connected: it takes no part until it is$'
like "and who is not known" "$named" '^gamma is not known there: it takes no part$'
is "hosts are told of by name, whoever came first" "$(joulerig hosts --coordinator "$ADDRESS" --keys keys --format json | jq -r '.[].name' | tr '\n' ' ')" 'alpha beta '
is "with their labels" "$(joulerig hosts beta --coordinator "$ADDRESS" --keys keys --format json | jq -r '.[].labels')" 'role=client pool=lab'

done_testing
