"""The Fourier transform of a long array by NumPy: np.fft.fft, absolute values, their sum.

Measures NumPy's transform, which works without the interpreter, on one core. What a transform
rounds differs between versions and machines, so the checksum is that of what can be known exactly
of this transform (its frequencies 0, 1/4, 1/2, and its total power by Parseval's theorem), and the
transform must agree with it to ten digits.
"""
import math

import workload

TOLERANCE = 1e-10  # rounding adds up to some 1e-15 * log2(length) of the greatest value


def known(numpy, signal):
    """What is exact: the sums of every fourth element, from each of the first four, and the sum of
    the squares, in units of 1/8 and 1/64; lists of whole numbers."""
    sums = [int(signal[i::4].sum() * 8) for i in range(4)]
    return sums, int(numpy.dot(signal, signal) * 64)


def verify(numpy, signal, spectrum, sizes, total):
    """Fail unless the spectrum is the transform of the signal, as far as that is known."""
    (zero, one, two, three), power = known(numpy, signal)
    length, quarter = len(signal), len(signal) // 4
    wanted = {0: zero + one + two + three, quarter: complex(zero - two, three - one),
              2 * quarter: zero - one + two - three, 3 * quarter: complex(zero - two, one - three)}
    scale = math.sqrt(length * power / 64)  # no value of the spectrum is greater
    for place, value in wanted.items():
        if abs(complex(spectrum[place]) - value / 8) > TOLERANCE * scale:
            raise workload.Failure(f"frequency {place}/{length} is {spectrum[place]}, "
                                   f"not {value / 8}")
    if not math.isclose(numpy.dot(sizes, sizes), length * power / 64, rel_tol=TOLERANCE):
        raise workload.Failure("the power of the spectrum is not that of the signal")
    if abs(complex(spectrum.sum()) - length * signal[0]) > TOLERANCE * length * scale:
        raise workload.Failure("the sum of the spectrum is not the signal's first value")
    if not 0 < total <= scale * math.sqrt(length) * (1 + TOLERANCE):
        raise workload.Failure(f"the sum of absolute values cannot be {total}")


def once(options, result, numpy):
    """One transform; its checksum."""
    signal = numpy.random.RandomState(1).randint(-8, 8, options.length, dtype=numpy.int8) / 8
    with result.timed():
        spectrum = numpy.fft.fft(signal)
        sizes = numpy.abs(spectrum)
        total = float(sizes.sum())
    verify(numpy, signal, spectrum, sizes, total)
    sums, power = known(numpy, signal)
    return workload.digest([*sums, power])


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    parser.add_argument("--length", type=workload.positive, default=50_000_000, metavar="N",
                        help="elements, a multiple of 4 (default: 50000000)")
    options = parser.parse_args()
    if options.length % 4:
        parser.error(f"argument --length: {options.length} is not a multiple of 4")
    numpy = workload.need("numpy")
    workload.repeat(options, once, options.length, numpy)


if __name__ == "__main__":
    workload.run(main)
