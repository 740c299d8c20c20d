"""Replace every string of ONE shared list by its .upper(); a share of the places for each worker.

Measures access to what all share: all workers write to the same list (not to the same places of it)
and let go of strings that the main thread has made. The default takes about 4 GiB, with a
free-threaded interpreter up to twice that. Every string must be there, in its place, in capitals.
"""
import workload


def strings(count):
    """The strings, made by the thread that calls."""
    return [f"item-{number:08d}" for number in range(count)]


def raise_case(part):
    """Write the capitals of some places of a list back to the same places: (list, first, end)."""
    texts, first, end = part
    for place in range(first, end):
        texts[place] = texts[place].upper()


def verify(texts, count):
    """Fail unless the list holds the capitals of strings(count)."""
    if len(texts) != count:
        raise workload.Failure(f"{len(texts)} strings, not {count}")
    if not all(map(str.isupper, texts)):
        raise workload.Failure("some strings were left as they were")
    for place in range(0, count, 997):
        if texts[place] != f"ITEM-{place:08d}":
            raise workload.Failure(f"place {place} holds {texts[place]}")


def once(options, result):
    """The list once; its checksum."""
    texts = strings(options.strings)
    with result.timed():
        result.run_parts(raise_case, [(texts, a, b) for a, b
                                      in workload.spread(options.strings, options.workers)])
    verify(texts, options.strings)
    return workload.digest_lines(texts)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser, modes=("threads", "sequential"))
    parser.add_argument("--strings", type=workload.positive, default=55_000_000, metavar="N",
                        help="strings of the list (default: 55000000)")
    options = parser.parse_args()
    workload.repeat(options, once, options.strings)


if __name__ == "__main__":
    workload.run(main)
