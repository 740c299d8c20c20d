# `joulerig run`, the agent within it, prune and backup are killed, or told of an I/O error, at each of their durable writes.
. "$TOP/tests/lib.sh"
. "$TOP/tests/points.sh"
points run 40
points here 24
export STORE=$PWD/run-count
points prune 20
points backup 20
done_testing
