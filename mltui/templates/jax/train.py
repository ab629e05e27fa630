"""Train a small network to tell two spirals apart; its weights and metrics go to the run's outputs.

Put your data in place of ``spirals`` and your network in place of ``predict``. Results go to the folder that
MLTUI_OUTPUTS names, or to ./outputs.
"""

import argparse
import json
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

Weights = list[tuple[jax.Array, jax.Array]]


def parse_arguments() -> argparse.Namespace:
    """The hyper-parameters, as the profile's params name them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20, help="passes over the points")
    parser.add_argument("--batch-size", type=int, default=64, help="points in one step")
    parser.add_argument("--learning-rate", type=float, default=0.01, help="step size of Adam")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same start and same order")
    return parser.parse_args()


def spirals(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (count × 2) on two noisy spirals, and which of the two each is on (0 or 1)."""
    random = np.random.default_rng(seed)
    label = random.integers(0, 2, count)
    angle = np.sqrt(random.uniform(0.05, 1, count)) * 3 * np.pi
    turn = angle + np.pi * label
    points = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (angle / (3 * np.pi))[:, None]
    return (points + random.normal(0, 0.02, points.shape)).astype("float32"), label.astype("float32")


def start_weights(key: jax.Array, sizes: tuple[int, ...] = (2, 64, 64, 1)) -> Weights:
    """He's initialisation, layer by layer."""
    pairs = zip(jax.random.split(key, len(sizes) - 1), sizes, sizes[1:], strict=False)
    return [(jax.random.normal(k, (m, n)) * jnp.sqrt(2 / m), jnp.zeros(n)) for k, m, n in pairs]


def predict(weights: Weights, x: jax.Array) -> jax.Array:
    """The logit of every point."""
    for matrix, bias in weights[:-1]:
        x = jax.nn.relu(x @ matrix + bias)
    return (x @ weights[-1][0] + weights[-1][1])[:, 0]


def loss(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
    """Binary cross-entropy."""
    return optax.sigmoid_binary_cross_entropy(predict(weights, x), y).mean()


@jax.jit
def figures(weights: Weights, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Loss and accuracy."""
    return loss(weights, x, y), ((predict(weights, x) > 0) == (y > 0.5)).mean()


def main() -> None:
    """Train, report, save."""
    arguments = parse_arguments()
    outputs = Path(os.environ.get("MLTUI_OUTPUTS", "outputs"))
    outputs.mkdir(parents=True, exist_ok=True)
    print(f"JAX {jax.__version__} on {jax.default_backend()}", flush=True)
    training, held_out = spirals(4000, arguments.seed), spirals(1000, arguments.seed + 1)
    weights = start_weights(jax.random.key(arguments.seed))
    optimizer = optax.adam(arguments.learning_rate)
    state = optimizer.init(weights)

    @jax.jit
    def step(weights: Weights, state: optax.OptState, x: jax.Array, y: jax.Array) -> tuple[Weights, optax.OptState]:
        updates, state = optimizer.update(jax.grad(loss)(weights, x, y), state)
        return optax.apply_updates(weights, updates), state

    random, history = np.random.default_rng(arguments.seed), []
    for epoch in range(1, arguments.epochs + 1):
        order = random.permutation(len(training[0]))
        for start in range(0, len(order), arguments.batch_size):
            batch = order[start : start + arguments.batch_size]
            weights, state = step(weights, state, training[0][batch], training[1][batch])
        (train_loss, accuracy), (val_loss, val_accuracy) = figures(weights, *training), figures(weights, *held_out)
        line = {"loss": train_loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy}
        history.append({name: float(value) for name, value in line.items()})
        print(f"epoch={epoch} " + " ".join(f"{name}={value:.4f}" for name, value in history[-1].items()), flush=True)

    np.savez(outputs / "weights.npz", *[array for layer in weights for array in layer])
    (outputs / "metrics.json").write_text(json.dumps({"params": vars(arguments), "history": history}, indent=2) + "\n")
    print(f"Saved weights.npz and metrics.json to {outputs}", flush=True)


if __name__ == "__main__":
    main()
