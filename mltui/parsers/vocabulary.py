"""The words of training logs: which name counts, which is measured, and which is neither.

A name is split into lower-case words (``valLoss``, ``val_loss`` and ``Val Loss`` are the same two). What a name is
follows from its words alone, so that a framework nobody thought of is read as long as it speaks the field's language.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache


class Role(Enum):
    """What a number is, by its name."""

    METRIC = "metric"
    """Measured by the training: a curve by itself."""
    SCHEDULE = "schedule"
    """Set by a schedule (learning rate, momentum): a curve beside others, never alone."""
    SCOPE = "scope"
    """Only says of what (``train``, ``test``): a metric in a line that counts."""
    COUNTER = "counter"
    """Says where in the training the line stands."""
    THROUGHPUT = "throughput"
    """Work per second."""
    UNKNOWN = "unknown"
    """May be a metric, if it stands among metrics."""
    OTHER = "other"
    """Time, size, setting: no curve."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


METRIC_WORDS = _set(
    "loss losses acc accu accs accuracies accuracy err error errors auc auroc auprc roc prauc aucpr ap map mar ar f1 f2 fscore fbeta fmeasure"
    " precision recall prec rec iou miou giou dice jaccard bleu rouge rouge1 rouge2 rougel meteor cider wer cer ter chrf"
    " ppl perplexity bpc bpb bpd nll ce bce xent crossentropy entropy kl kld elbo mse mae rmse mape smape rmsle msle r2"
    " nrmse l1 l2 logloss mlogloss mlog merror ndcg mrr reward rewards return returns score scores fitness cost"
    " objective psnr ssim lpips fid kid mcc kappa specificity sensitivity top1 top5 acc1 acc5 prec1 prec5 em pearson"
    " spearman corr correlation likelihood loglik inertia regret improve residual energy perp metric gnorm variance"
    " quality rew winrate logprob logps margin margins accept sharpe silhouette qvalue"
    " distance divergence discriminator generator critic actor oob bound mape wape huber hinge poisson gini recon"
    " reconstruction val_metric ll pixacc fwiou mdice nmae r rsquared bits nats eer tpr fpr tnr fnr"
    " deviance dev_loss ppx loss_box loss_cls diversity coverage"
)
SCHEDULE_WORDS = _set(
    "lr learningrate grad gradnorm norm momentum wd temperature epsilon eps beta std scale clip mom lrs"
)
SCOPE_WORDS = {
    **dict.fromkeys(["train", "training", "trn", "tr", "learn", "learning"], "train"),
    **dict.fromkeys(
        [
            "val",
            "vali",
            "valid",
            "validation",
            "dev",
            "eval",
            "evaluation",
            "evaluating",
            "validate",
            "validating",
            "vld",
            "cv",
            "holdout",
            "oof",
        ],
        "val",
    ),
    **dict.fromkeys(["test", "testing", "tst"], "test"),
}
QUALIFIERS = _set(
    "avg average mean running total batch current cur ema smoothed smooth final epoch step mini raw median sum min max"
    " change estimate weighted macro micro overall per class top set avg. std episode episodic train_inner new the global local"
)
_TIME_WORDS = _set(
    "time times eta elapsed duration dur seconds second secs sec ms minutes min_left hours remaining took latency wall"
    " runtime walltime timestamp date datetime clock s/it s/step sec/it t dt ts age uptime timer"
)
_SIZE_WORDS = _set(
    "mem memory vram ram rss gpu cpu cuda disk bytes kb mb gb kib mib gib size sizes gpumem maxmem allocated reserved cached"
    " param params parameters flops macs gflops tflops mfu hfu util utilization gb_free"
)
_SETTING_WORDS = _set(
    "seed num number count counts dropout decay weight weights target threshold thresh patience tol tolerance warmup"
    " interval every freq frequency smoothing version port pid id idx index worker workers thread threads gpus devices"
    " device rows row cols columns lines files file shards shard vocab layer layers heads hidden dim dims embed length"
    " trainable nodes node world queue retries retry limit budget capacity cores instances images samples examples"
    " tokens words features bins points data classes labels dataset buffer level verbose batch_size alpha gamma lambda"
    " maximum minimum best since until expected skipped nan consumed chunk chunks window stride kernel channels filters"
    " estimators depth leaves height width resolution fps_limit exit code status line error_code errno qsize vnum v_num"
    " max_norm clip_norm clip_grad bsz wpb accumulation optimization rank ranks local_rank nproc ppid port lag offset"
)
_THROUGHPUT_WORDS = _set(
    "throughput speed fps ips wps ups tps sps tgs tok/s it/s samples/s samples/sec examples/s images/s img/s imgs/s"
    " tokens/s tokens/sec words/sec words/s steps/s step/s batch/s batches/s iter/s iters/s ex/s seq/s rate_per_sec"
)

#: Counter words: what they count, and how: ``epoch``, ``batch`` (begins anew each epoch) or ``step`` (runs on).
COUNTERS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(["epoch", "ep", "epo", "epochs"], ("epoch", "epoch")),
    **dict.fromkeys(["batch", "minibatch", "batchidx", "batchid"], ("batch", "batch")),
    **dict.fromkeys(["step", "globalstep"], ("step", "step")),
    **dict.fromkeys(["iter", "iteration", "it", "itr", "iters", "iterations"], ("iteration", "step")),
    **dict.fromkeys("update updates up upd".split(), ("update", "step")),
    **dict.fromkeys(["timestep", "timesteps"], ("timestep", "step")),
    **dict.fromkeys(["round"], ("round", "step")),
    **dict.fromkeys(["trial"], ("trial", "step")),
    **dict.fromkeys(["episode", "episodes", "eps_num"], ("episode", "step")),
    **dict.fromkeys(["generation", "gen"], ("generation", "step")),
    **dict.fromkeys(["frame", "frames"], ("frame", "step")),
    **dict.fromkeys(["game", "cycle", "tree"], ("count", "step")),
    "fold": ("fold", "fold"),
    "counter": ("count", "step"),
    "progress": ("percent", "step"),
}
_PLURAL = _set("epochs iterations iters episodes updates timesteps frames steps")
_COUNTER_QUALIFIERS = (
    _set(
        "global train training current cur total num opt optimizer env number of at after in for the end boosting communication"
        " new federated comm"
    )
    | SCOPE_WORDS.keys()
)
_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+|[^\W\d_]+")
# What counters and metrics are filed under without a meaning of its own.
_FOLDER = re.compile(
    r"^(?:(?:time|charts|trainer|progress|counters|global|info|perf|rollout)/"
    r"|(?:data|metrics?|values|payload|results?|info|stats|logs?|extra|fields|record|message|progress)\.)+"
)
_RATE = re.compile(
    r"/(?:s|sec|second|min)\b|_?per_?(?:s|sec|second)s?\b|\b(?:samples|tokens|steps|images)[_ ]per[_ ]", re.I
)
_SPENT = re.compile(
    r"\b(?:m?s|us|sec|seconds|time)[_/ ](?:per[_ ])?(?:it|iter|iteration|step|batch|epoch|sample)\b", re.I
)


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of ``name``: ``Val Loss``, ``val_loss`` and ``valLoss`` give the same."""
    return tuple(w.lower() for w in _SPLIT.findall(name))


@lru_cache(maxsize=8192)
def scope_of(name: str) -> str:
    """``train``, ``val`` or ``test`` if a word of ``name`` says so, else nothing."""
    for word in words(name):
        if found := SCOPE_WORDS.get(word):
            return found
    return ""


@lru_cache(maxsize=8192)
def counter_of(name: str) -> tuple[str, str] | None:
    """What the counter ``name`` counts and how (see ``COUNTERS``), or ``None`` if it is no counter."""
    parts = words(_FOLDER.sub("", name))
    if not parts or len(parts) > 4 or parts in (("n", "updates"), ("mean", "episode"), ("total", "steps")):
        return None
    found = COUNTERS.get(parts[-1]) or COUNTERS.get("".join(parts))
    if found is None and parts[-1] in ("num", "idx", "id", "index", "number", "no", "nr") and len(parts) > 1:
        found, parts = COUNTERS.get(parts[-2]), parts[:-1]
    if found is None:
        return ("step", "step") if parts in (("steps",), ("env", "steps"), ("train", "steps")) else None
    before = set(parts[:-1]) - set(COUNTERS)
    if before - _COUNTER_QUALIFIERS:
        return None
    if parts[-1] in _PLURAL and len(parts) > 1 and parts[-1] not in ("updates", "timesteps", "frames"):
        return None
    return None if parts == ("epochs",) else found


@lru_cache(maxsize=8192)
def role_of(name: str) -> Role:
    """What a number of this ``name`` is."""
    if counter_of(name):
        return Role.COUNTER
    name = _FOLDER.sub("", name)
    lower = name.lower()
    if _SPENT.search(lower):
        return Role.OTHER
    if _RATE.search(lower):
        return Role.THROUGHPUT
    parts = words(name)
    if not parts:
        return Role.OTHER
    own = {*parts, *(p.rstrip("0123456789") for p in parts)}
    if parts[0] in ("max", "min", "target") and own & (SCHEDULE_WORDS | {"target"}):
        return Role.OTHER
    if "best" in own and not own & {"fitness", "cost", "reward"}:
        return Role.OTHER
    if _is_learning_rate(parts):
        return Role.SCHEDULE
    if own & _THROUGHPUT_WORDS or lower in _THROUGHPUT_WORDS:
        return Role.THROUGHPUT
    if own & _TIME_WORDS or own & _SIZE_WORDS:
        return Role.OTHER
    if own & METRIC_WORDS or "".join(parts) in METRIC_WORDS:
        return Role.OTHER if own & _SETTING_WORDS - {"best"} and not own & {"ep", "episode"} else Role.METRIC
    if own & SCHEDULE_WORDS:
        return Role.OTHER if own & _SETTING_WORDS else Role.SCHEDULE
    if own & _SETTING_WORDS:
        return Role.OTHER
    if all(p in SCOPE_WORDS for p in parts):
        return Role.SCOPE
    return Role.UNKNOWN


def _is_learning_rate(parts: tuple[str, ...]) -> bool:
    own = set(parts)
    if own & _SETTING_WORDS:
        return False
    return "lr" in own or parts == ("l", "r") or ("rate" in own and bool(own & {"learning", "learn"}))
