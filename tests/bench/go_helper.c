/*
 * go_helper - the smallest program that a run can be launched through: says that it is ready on
 * descriptor 3, waits for one byte on descriptor 4, becomes the command
 *
 * What joulerig-exec does for each run costs at least this. tests/bench/run links it statically for
 * the comparison.
 */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char byte = 'r';

	if (argc < 2 || write(3, &byte, 1) != 1 || read(4, &byte, 1) != 1)
		return 125;
	close(3);
	close(4);
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 126;
}
