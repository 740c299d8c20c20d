"""Make the .upper() of all strings of a list, each worker a list of its own; join them at the end.

The twin of object_lists_nocopy with private data: all workers read one list, and what they write is
theirs alone. The default takes about 8 GiB, more with processes. Every string must be there, in its
place, in capitals.
"""
import workload
from object_lists_nocopy import strings, verify


def raise_case(part):
    """The capitals of some places of a list, as a new list: (list, first, end)."""
    texts, first, end = part
    made = []
    for place in range(first, end):
        made.append(texts[place].upper())
    return made


def shares(options, result, texts):
    """What each worker gets: the whole list if it can see it, else its share of it."""
    spread = workload.spread(options.strings, options.workers)
    if result.mode in ("threads", "sequential"):
        return [(texts, a, b) for a, b in spread]
    return [(texts[a:b], 0, b - a) for a, b in spread]


def once(options, result):
    """The list once; its checksum."""
    texts = strings(options.strings)
    with result.timed():
        made = []
        for part in result.run_parts(raise_case, shares(options, result, texts)):
            made.extend(part)
    del texts
    verify(made, options.strings)
    return workload.digest_lines(made)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--strings", type=workload.positive, default=55_000_000, metavar="N",
                        help="strings of the list (default: 55000000)")
    options = parser.parse_args()
    workload.repeat(options, once, options.strings)


if __name__ == "__main__":
    workload.run(main)
