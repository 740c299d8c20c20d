# Links between the documents lead somewhere, to the heading that they name; README leads to each guide.
. "$TOP/tests/lib.sh"
command -v python3 >/dev/null || skip_all "no python3 here"
[ -d "$TOP/docs" ] || skip_all "this is no source tree"
mkdir pages && printf '# A b: c?\n[1](#a-b-c) [2](other.md#it) [3](gone.md) [4](#no) [5](https://example.org) `[6](7)`\n' >pages/one.md && printf '## It\n' >pages/other.md
is "links that lead nowhere are found" "$("$TOP/tests/tools/check-links" pages/*.md)" "pages/one.md: gone.md: there is no pages/gone.md
pages/one.md: #no: pages/one.md has no such heading"
cd "$TOP" || exit 1
ok "all links lead somewhere" tests/tools/check-links README.md CONTRIBUTING.md docs/*.md docker/README.md proto/PROTOCOL.md
is "README leads to every page" "$(for f in docs/*.md; do grep -qF "]($f" README.md || echo "$f"; done)" ''
is "once in its list" "$(sed -n '/^## Where to go on/,$p' README.md | grep -oE '\]\(docs/[a-z-]+\.md\)' | sort | uniq -d)" ''
done_testing
