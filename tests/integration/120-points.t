# A coordinator and an agent are killed, or told of an I/O error, at each of their durable writes: the campaign completes with
# exactly its runs, each counted once.
. "$TOP/tests/lib.sh"
. "$TOP/tests/points.sh"
points serve 20
points agent 12
done_testing
