"""Train a small network to tell two spirals apart; the model and its metrics go to the run's outputs.

Put your data in place of ``spirals`` and your network in place of ``build_model``. Results go to the folder that
MLTUI_OUTPUTS names, or to ./outputs.
"""

import argparse
import json
import math
import os
from pathlib import Path

import torch
from torch import Tensor, nn


def parse_arguments() -> argparse.Namespace:
    """The hyper-parameters, as the profile's params name them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20, help="passes over the points")
    parser.add_argument("--batch-size", type=int, default=64, help="points in one step")
    parser.add_argument("--learning-rate", type=float, default=0.01, help="step size of Adam")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same start and same order")
    return parser.parse_args()


def spirals(count: int, seed: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Points (count × 2) on two noisy spirals, and which of the two each is on (0 or 1)."""
    random = torch.Generator().manual_seed(seed)
    label = torch.randint(0, 2, (count,), generator=random).float()
    angle = (0.05 + 0.95 * torch.rand(count, generator=random)).sqrt() * 3 * math.pi
    turn = angle + math.pi * label
    points = torch.stack([turn.cos(), turn.sin()], dim=1) * (angle / (3 * math.pi))[:, None]
    points += 0.02 * torch.randn(count, 2, generator=random)
    return points.to(device), label.to(device)


def build_model() -> nn.Module:
    """Two hidden layers; the output is a logit."""
    return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Flatten(0))


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of the points whose spiral was found."""
    return ((logits > 0) == (labels > 0.5)).float().mean().item()


def main() -> None:
    """Train, report, save."""
    arguments = parse_arguments()
    outputs = Path(os.environ.get("MLTUI_OUTPUTS", "outputs"))
    outputs.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print(f"PyTorch {torch.__version__} on {device}", flush=True)

    points, labels = spirals(4000, arguments.seed, device)
    held_out, held_out_labels = spirals(1000, arguments.seed + 1, device)
    model = build_model().to(device)
    optimizer = torch.optim.Adam(model.parameters(), arguments.learning_rate)
    loss_of = nn.BCEWithLogitsLoss()
    history = []
    for epoch in range(1, arguments.epochs + 1):
        model.train()
        for batch in torch.randperm(len(points)).to(device).split(arguments.batch_size):
            optimizer.zero_grad()
            loss_of(model(points[batch]), labels[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            logits, held_out_logits = model(points), model(held_out)
        figures = {
            "loss": loss_of(logits, labels).item(),
            "accuracy": accuracy(logits, labels),
            "val_loss": loss_of(held_out_logits, held_out_labels).item(),
            "val_accuracy": accuracy(held_out_logits, held_out_labels),
        }
        history.append(figures)
        print(f"epoch={epoch} " + " ".join(f"{name}={value:.4f}" for name, value in figures.items()), flush=True)

    torch.save(model.state_dict(), outputs / "model.pt")
    (outputs / "metrics.json").write_text(json.dumps({"params": vars(arguments), "history": history}, indent=2) + "\n")
    print(f"Saved model.pt and metrics.json to {outputs}", flush=True)


if __name__ == "__main__":
    main()
