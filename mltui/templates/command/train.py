"""Fit a sine with a polynomial by gradient descent, in plain Python; the result goes to the run's outputs.

Put your own program in its place: whatever prints lines such as ``step=1 loss=0.5`` has curves. Results go to the
folder that MLTUI_OUTPUTS names, or to ./outputs.
"""

import argparse
import json
import math
import os
import random
from pathlib import Path


def parse_arguments() -> argparse.Namespace:
    """The hyper-parameters, as the profile's params name them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--steps", type=int, default=200, help="steps of gradient descent")
    parser.add_argument("--learning-rate", type=float, default=0.1, help="size of a step")
    return parser.parse_args()


def main() -> None:
    """Train, report, save."""
    arguments = parse_arguments()
    noise = random.Random(1)
    xs = [i / 50 - 1 for i in range(101)]
    ys = [math.sin(3 * x) + noise.gauss(0, 0.05) for x in xs]
    weights = [0.0] * 6
    for step in range(1, arguments.steps + 1):
        errors = [sum(w * x**power for power, w in enumerate(weights)) - y for x, y in zip(xs, ys, strict=True)]
        for power in range(len(weights)):
            slope = 2 * sum(error * x**power for error, x in zip(errors, xs, strict=True)) / len(xs)
            weights[power] -= arguments.learning_rate * slope
        print(f"step={step} loss={sum(error * error for error in errors) / len(xs):.5f}", flush=True)

    outputs = Path(os.environ.get("MLTUI_OUTPUTS", "outputs"))
    outputs.mkdir(parents=True, exist_ok=True)
    (outputs / "weights.json").write_text(json.dumps(weights) + "\n")
    print(f"Saved weights.json to {outputs}", flush=True)


if __name__ == "__main__":
    main()
