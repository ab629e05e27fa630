"""Train a small convolutional network on MNIST digits, save it and its metrics, and check that it loads.

Results go to the folder named by MLTUI_OUTPUTS, or to ./outputs.
"""

import argparse
import json
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

DIGITS = Path(__file__).resolve().parents[1] / "mnist-mlp" / "mnist10k.npz"
VALIDATION_SHARE = 0.2


def parse_arguments() -> argparse.Namespace:
    """The hyper-parameters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", type=Path, default=DIGITS, help="file with the digits x and their names y")
    parser.add_argument("--epochs", type=int, default=5, help="passes over the training digits")
    parser.add_argument("--batch-size", type=int, default=64, help="digits in one step")
    parser.add_argument("--learning-rate", type=float, default=0.001, help="step size of Adam")
    parser.add_argument("--filters", type=int, default=16, help="filters of the first convolution")
    parser.add_argument("--dropout", type=float, default=0.3, help="share of the units left out in each step")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same start and same order of the digits")
    parser.add_argument("--verbose", type=int, default=1, choices=(1, 2), help="1 a bar, 2 a line an epoch")
    return parser.parse_args()


def load_digits(path: Path, seed: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Digits to train on and to validate with, shuffled, pixels from 0 to 1."""
    with np.load(path) as data:
        x, y = data["x"].astype("float32") / 255, data["y"]
    order = np.random.default_rng(seed).permutation(len(x))
    held_out, rest = np.split(order, [int(len(x) * VALIDATION_SHARE)])
    return (x[rest], y[rest]), (x[held_out], y[held_out])


def build_model(filters: int, dropout: float, learning_rate: float) -> keras.Model:
    """Two convolutions, each halving the picture, and a dense layer."""
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(filters, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(2 * filters, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def save_and_check(model: keras.Model, x: np.ndarray, outputs: Path) -> None:
    """Save the model, load it again, and make sure that both predict the same."""
    model.save(outputs / "model.keras")
    restored = keras.models.load_model(outputs / "model.keras")
    np.testing.assert_allclose(restored.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def main() -> None:
    """Train, save, report."""
    arguments = parse_arguments()
    outputs = Path(os.environ.get("MLTUI_OUTPUTS", "outputs"))
    outputs.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(arguments.seed)

    gpus = tf.config.list_physical_devices("GPU")
    print(f"TensorFlow {tf.__version__} on {f'{len(gpus)} GPU' if gpus else 'the CPU'}", flush=True)
    training, validation = load_digits(arguments.data, arguments.seed)
    print(f"{len(training[0])} digits to train on, {len(validation[0])} to validate with", flush=True)

    model = build_model(arguments.filters, arguments.dropout, arguments.learning_rate)
    history = model.fit(
        *training,
        validation_data=validation,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        verbose=arguments.verbose,
    ).history

    save_and_check(model, validation[0][:100], outputs)
    metrics = {
        "params": {**vars(arguments), "data": str(arguments.data)},
        "history": {name: list(map(float, curve)) for name, curve in history.items()},
    }
    (outputs / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"Saved model.keras and metrics.json to {outputs}", flush=True)


if __name__ == "__main__":
    main()
