# joulerig report: one page that needs nothing else, whatever the campaign, its names and its runs are.
. "$TOP/tests/lib.sh"

cat >program <<'SH'
#!/bin/sh
n=$(($(cat count 2>/dev/null || echo 0) + 1))
echo $n >count
[ "$1" != 400 ] || [ "$2" != 2 ] || exit 3
echo "cost $(($1 * 1000 + n * 7919 % 1201))"
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: paged
description: 'what <b>arms</b> & "sizes" cost'
labels: {commit: 'a"<i>b'}
matrix:
  arm: {base: {cost: 100}, '</script><script>alert(1)</script>': {cost: 90}, "o'clock & \"co\"": {cost: 400}}
  size: [1, 2]
benchmarks:
  one:
    command: [./program, "{arm.cost}", "{size}"]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 1, blocks: 10}
compare: {by: arm, baseline: base, metrics: [time, cost], threshold: 2%}
report:
  title: 'Arms </title><script>alert(2)</script>'
  claims:
    - {name: A, says: cheaper by a tenth, metric: cost, by: arm, contender: '</script><script>alert(1)</script>', baseline: base, within: [0.85, 0.95]}
    - {name: B, metric: cost, by: arm, contender: '</script><script>alert(1)</script>', baseline: base, within: [1.2, 1.5]}
    - {name: C, metric: 'metric.cost * 2', by: arm, contender: '</script><script>alert(1)</script>', baseline: base, only: size == 1, within: [0.85, 0.95]}
    - {name: D, metric: energy.package, by: arm, contender: "o'clock & \"co\"", baseline: base, within: [1, 2]}
    - {name: E, metric: cost, by: arm, contender: "o'clock & \"co\"", baseline: base, of: best, within: [3.5, 4.5]}
  sections:
    - {title: 'Why <this>', text: "Some *emphasis*, `code`, a [link](https://example.org/?a=1&b=2), a [bad one](javascript:alert(3)),\n\n| a | b |\n|---|---|\n| 1 | <script>alert(4)</script> |\n\n- one\n- two"}
YAML
joulerig run c.yaml --quiet >/dev/null 2>&1
ok 'a page' joulerig report paged -o page.html
page=$(cat page.html)
is 'that is whole' "$(head -c 15 page.html) $(tail -n 1 page.html)" '<!DOCTYPE html> </html>'
is 'nothing is left beside it' "$(ls | grep part)" ''
is 'the same again' "$(joulerig report paged | cksum)" "$(cksum <page.html)"
# The page without what it carries of others: their code has tags in strings.
own=$(sed '/^<script>/,/^<\/script>/d' page.html)
is 'no tag of a user is one' "$(grep -ciE '<script>alert|<b>arms|<i>b|href="javascript' <<<"$own")" 0
like 'they are text' "$own" '&lt;script&gt;alert\(1\)&lt;/script&gt;'
like 'so are quotes' "$own" 'o&#39;clock &amp; &quot;co&quot;'
like 'its title' "$own" '<title>Arms &lt;/title&gt;'
like 'its policy lets nothing in' "$own" "default-src 'none'; script-src 'unsafe-eval' 'sha256-"
unlike 'nothing is loaded' "$own" '(src|href)="?(https?:)?//[^e]'
like 'what the campaign is about' "$own" 'what &lt;b&gt;arms&lt;/b&gt;'
like 'verdicts' "$own" '▼ improved'
like 'what comes out in words' "$own" 'of 3 comparisons|of 4 comparisons'
like 'runs that are not counted, and why' "$own" '<th scope="row">failed</th><td class="n">10</td>'
like 'sections: emphasis' "$own" 'Some <em>emphasis</em>, <code>code</code>'
like 'sections: links' "$own" 'href="https://example.org/\?a=1&amp;b=2"'
like 'sections: tables' "$own" '<th>a</th>'
claim() { sed -n "/<h3>$1/,/<h3>\|<h2/p" page.html | grep -oE 'class="verdict [a-z]+' | sed 's/.* //' | tr '\n' ' '; }
is 'a claim that holds, of each configuration' "$(claim A)" 'replicated replicated replicated '
is 'one that does not' "$(claim B)" 'contradicted contradicted contradicted '
is 'one over an expression, of some configurations' "$(claim C)" 'replicated replicated '
like 'one of what was not measured' "$(sed -n '/<h3>D/,/<h2/p' page.html)" 'cannot be answered: .*energy.package'
is 'one of the best' "$(claim E)" 'replicated replicated '
like 'the method: order and seed' "$own" 'Randomised complete blocks.*seed 1'
like 'the method: how it is judged' "$own" 'beyond ±2 %.*at most 0.01'
like 'provenance: the file' "$own" '^campaign: paged'
like 'provenance: labels' "$own" 'commit=a&quot;&lt;i&gt;b'
like 'provenance: commands' "$own" '<code>joulerig compare paged.1 --all</code>'

ok 'charts as files' joulerig report paged --figures figures
is 'each with its data' "$(ls figures | sed -n 's/\.vl\.json$//p')" "$(ls figures | sed -n 's/\.csv$//p')"
is 'which name them' "$(for f in figures/*.vl.json; do [ ! -f "$f" ] || [ "$(jq -r .data.url "$f")" = "$(basename "$f" .vl.json).csv" ] || echo "$f"; done)" ''
is 'fields of a chart are columns of its data' "$(for f in figures/*.vl.json; do [ ! -f "$f" ] ||
	diff <(jq -r '.data.format.parse | keys_unsorted | join(",")' "$f") <(head -n 1 "${f%.vl.json}.csv"); done)" ''

fails 'a page that cannot be written' 5 joulerig report paged -o nowhere/page.html
like 'is told' "$(joulerig report paged -o nowhere/page.html 2>&1)" 'cannot write nowhere/page.html: No such file'
ln -s target.html link.html && : >target.html
ok 'a page over a link' joulerig report paged -o link.html
is 'goes where it leads' "$(test -L link.html && tail -n 1 target.html)" '</html>'
mkfifo pipe && { cat pipe | tail -n 1 >piped; } &
wait_for 120 test -p pipe
ok 'a page into a pipe' timeout 600 joulerig report paged -o pipe
wait
is 'which stays one' "$(test -p pipe && cat piped)" '</html>'
mkdir folder
fails 'a page in the place of a folder' 5 joulerig report paged -o folder
is 'leaves nothing' "$(ls -A folder; ls | grep part)" ''
fails 'a campaign that is not there' 2 joulerig report pagde -o x.html
fails 'two campaigns' 2 joulerig report paged paged -o x.html

# Of nothing but runs: no file says what they were for.
cat >bare.yaml <<'YAML'
campaign: bare
benchmarks: {t: {command: ["true"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
joulerig run bare.yaml --quiet >/dev/null 2>&1
ok 'a page without comparisons' joulerig report bare -o bare.html
like 'says so' "$(cat bare.html)" 'asks for no comparison with a baseline: joulerig compare bare.1 --by'
sqlite3 joulerig.db "UPDATE campaign SET yaml = 'nothing: here', energy = NULL WHERE name = 'bare'" 2>/dev/null ||
	sqlite3 joulerig.db "UPDATE campaign SET yaml = 'nothing: here' WHERE name = 'bare'"
ok 'a page of runs whose file cannot be read' joulerig report bare -o bare.html
like 'has their results' "$(cat bare.html)" '<h3>t</h3>'

command -v chromium >/dev/null || { skip 'in a browser' 'no chromium here'; done_testing; exit; }
chromium --headless=new --no-sandbox --disable-gpu --user-data-dir=probe --dump-dom 'data:text/html,it-runs' 2>/dev/null | grep -q it-runs ||
	{ skip 'in a browser' 'chromium does not start here'; done_testing; exit; }
browse() { "$TOP/tests/tools/browse" "$@" >seen; }
value() { sed -n "s/^$1 //p" seen; }
for name in page bare; do
	for look in '1400 light' '400 dark' '360 light'; do
		# shellcheck disable=SC2086
		browse "$name.html" $look
		diag seen
		is "$name $look: it is ready, without errors" "$(value ready) $(value errors) $(value refused)" 'true 0 0'
		is "$name $look: every figure is drawn" "$(value drawn)" "$(value figures)"
		is "$name $look: nothing is wider than the window" "$(value overflow)" 0
		is "$name $look: the console is silent" "$(grep '^console' seen)" ''
	done
done
browse page.html 1400 dark
is 'dark is dark' "$(value dark)" true
browse page.html 1400 light
is 'light is light' "$(value dark)" false
browse page.html 1400 no-script
is 'without JavaScript all tables can be read' "$(value tables)" "$(sed '/^<script>/,/^<\/script>/d' page.html | grep -o '<table' | wc -l)"
done_testing
