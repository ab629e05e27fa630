"""Train a small network to tell two spirals apart; the model and its metrics go to the run's outputs.

Put your data in place of ``spirals`` and your network in place of ``build_model``. Results go to the folder that
MLTUI_OUTPUTS names, or to ./outputs.
"""

import argparse
import json
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


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


def build_model(learning_rate: float) -> keras.Model:
    """Two hidden layers."""
    layers = [keras.layers.Input((2,))]
    layers += [keras.layers.Dense(64, activation="relu") for _ in range(2)]
    model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train, report, save."""
    arguments = parse_arguments()
    outputs = Path(os.environ.get("MLTUI_OUTPUTS", "outputs"))
    outputs.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(arguments.seed)
    gpus = tf.config.list_physical_devices("GPU")
    print(f"TensorFlow {tf.__version__} on {f'{len(gpus)} GPU' if gpus else 'the CPU'}", flush=True)

    model = build_model(arguments.learning_rate)
    history = model.fit(
        *spirals(4000, arguments.seed),
        validation_data=spirals(1000, arguments.seed + 1),
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        verbose=2,
    ).history

    model.save(outputs / "model.keras")
    metrics = {"params": vars(arguments), "history": {name: list(map(float, curve)) for name, curve in history.items()}}
    (outputs / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"Saved model.keras and metrics.json to {outputs}", flush=True)


if __name__ == "__main__":
    main()
