"""Torture the readers of strangers' bytes: captures, DNS, TLS and QUIC greetings, with what reaches new branches.

python -m bench.torture.traffic [--share 0.1] [--seed N]     exit code 1 when anything broke
"""

import argparse
import resource
import sys
import time

from tests.traffic.torture.mutation import torture
from tests.traffic.torture.targets import all_targets

INPUTS = 1_000_000
SHARES = {"capture": 0.3, "dns": 0.2, "hello": 0.2, "datagram": 0.1, "frames": 0.2}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of a million inputs")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}")
    print("target        inputs       s  slowest ms  corpus  branches  failures     MB")
    broken = 0
    for name, (target, seeds) in all_targets().items():
        begun = time.perf_counter()
        outcome = torture(target, seeds, round(INPUTS * wanted.share * SHARES[name]), wanted.seed)
        spent = time.perf_counter() - begun
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
        print(
            f"{name:10} {outcome.inputs:9} {spent:7.1f} {outcome.slowest_s * 1000:11.1f} {outcome.corpus:7} "
            f"{outcome.branches:9} {len(outcome.failures):9} {size:6.0f}",
            flush=True,
        )
        broken += len(outcome.failures)
        for data, error in outcome.failures[:3]:
            print(f"  {type(error).__name__}: {error}: {data.hex()}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
