"""Parse many short JSON texts and write each again; a share for each worker.

Measures the making and freeing of small dictionaries, lists and strings, on independent data: each
worker counts for itself, and the counts are added up at the end. Every text must come out as it
went in, and the numbers in them must add up.
"""
import json

import workload


def payload(number):
    """The text number `number`."""
    return json.dumps({"id": number, "name": f"user{number % 1000}", "active": number % 3 == 0,
                       "score": number % 64 / 8, "tags": ["alpha", "beta", f"group{number % 16}"],
                       "place": {"row": number >> 8, "column": number & 255}})


def parse(texts):
    """Parse and write some texts: (how many, how many are as they were, letters, sum of ids)."""
    count = same = letters = total = 0
    for text in texts:
        record = json.loads(text)
        again = json.dumps(record)
        count += 1
        same += again == text
        letters += len(again)
        total += record["id"]
    return count, same, letters, total


def once(options, result):
    """All texts once; the checksum of the counts."""
    texts = [payload(number) for number in range(options.records)]
    with result.timed():
        parts = [texts[a:b] for a, b in workload.spread(options.records, options.workers)]
        sums = [sum(column) for column in zip(*result.run_parts(parse, parts))]
    count, same, letters, total = sums
    if count != options.records or total != count * (count - 1) // 2:
        raise workload.Failure(f"texts are missing: {count} of {options.records} were parsed")
    if same != count or letters != sum(map(len, texts)):
        raise workload.Failure(f"{count - same} texts did not come out as they went in")
    return workload.digest(sums)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--records", type=workload.positive, default=2_000_000, metavar="N",
                        help="texts (default: 2000000)")
    options = parser.parse_args()
    workload.repeat(options, once, options.records)


if __name__ == "__main__":
    workload.run(main)
