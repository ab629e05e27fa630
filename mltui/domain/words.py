"""The words that names of metrics are made of: which part of the data, what is measured, and which end of it is better.

A name is split into lower-case words (``valLoss``, ``val_loss`` and ``Val Loss`` are the same two), and what it says
follows from these. The reader of logs and the charts use the same words, so that what the one takes for a validation
loss the other draws beside the training's.
"""

from __future__ import annotations

import re
from functools import lru_cache


def word_set(words: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(words.split())


_SCOPES = {
    "train": "train training trainings trn tr learn entraînement entrenamiento treino addestramento uczenie uczenia"
    " 训练 訓練 学習 훈련 학습 обуч обучение трен",
    "val": "val vali vld valid validation validate validating validierung validierungs dev eval evaluate evaluation"
    " evaluating cv holdout oof validación validação validazione walidacja walidacji"
    " вал валид валидация 验证 驗證 検証 검증",
    "test": "test testing tst 测试 測試 テスト тест",
}
#: The part of the data that a word stands for: ``train``, ``val`` or ``test``.
SCOPE_WORDS = {word: scope for scope, text in _SCOPES.items() for word in word_set(text)}

#: What a training makes small, in the languages of logs.
LOSSES = word_set("loss losses verlust perte pérdida perda perdita strata straty потери потеря 损失 損失 손실")
#: How far something is off, or how often it goes wrong.
ERRORS = word_set("err error errors fehler erreur errore błąd ошибка 误差 誤差")
#: The same as rewards, and what shares bring.
RETURNS = word_set("ret return returns")
#: What an agent gets for what it does.
REWARDS = RETURNS | word_set("reward rewards rew")

#: What is measured, and better the smaller it is.
LESS_IS_BETTER = (
    LOSSES
    | ERRORS
    | word_set("""
    wer cer ter ppl ppx perplexity perp bpc bpb bpd nll ce bce xent crossentropy kld
    mse mae rmse nrmse mape wape smape rmsle msle nmae mpjpe epe ade fde l1 l2 huber hinge poisson logloss mlogloss
    merror cost lpips fid kid fpr fnr eer brier ece hausdorff assd hd95 inertia stress regret residual violation
    crps chamfer emd wasserstein mcd bpr distance divergence recon reconstruction bits nats deviance mr
""")
)
#: What is measured, and better the greater it is.
MORE_IS_BETTER = REWARDS | word_set("""
    acc accu accs accy accuracies accuracy auc auroc auprc roc rocauc prauc aucpr ap map mar ar f1 f2 fscore fbeta
    fmeasure precision recall prec rec iou miou giou fwiou dice mdice jaccard pixacc bleu rouge rouge1 rouge2 rougel
    pesq stoi sdr sari bertscore concordance meteor cider chrf elbo r2 r² rsquared ndcg mrr score scores psnr ssim mcc
    kappa specificity
    sensitivity tpr tnr top1 top5 acc1 acc5 prec1 prec5 em pearson spearman corr correlation likelihood loglik ll
    logprob silhouette sharpe quality winrate qvalue similarity
    genauigkeit trefferquote exactitude précision precisión exactitud acurácia precisão accuratezza precisione
    dokładność точность 准确率 精度 正确率 召回率 正解率 정확도
""")
#: What is measured, and good at neither end, or at one that its word does not tell.
_EITHER_END = word_set("""
    entropy kl mlog fitness objective objf gini logps improve energy metric variance margin margins accept
    discriminator generator critic actor oob bound diversity coverage gnorm discrim gap
""")
METRIC_WORDS = LESS_IS_BETTER | MORE_IS_BETTER | _EITHER_END
#: Another word for the same.
SYNONYMS = {"acc": "accuracy", "learning_rate": "lr", "learningrate": "lr"}
#: How often a metric is logged, where a name begins or ends with it (``train_loss_epoch``): its x says that too.
PERIODS = word_set("epoch step")
#: A loss over a validation set is one, be it said (PyTorch's MNIST: ``Test set: Average loss``) or not.
AVERAGED = word_set("average avg mean")
#: What stands for many values.
MIDDLES = AVERAGED | {"median"}

# Words that are no metric's for the reader, but tell in a name which end is better.
_LESS = LESS_IS_BETTER | word_set("false")
_MORE = MORE_IS_BETTER | word_set(
    "aps apm apl explained correct success win wins won hit hits solved spearmanr pearsonr correlations"
)
# How a word begins or ends that holds one of them: ``celoss``, ``lossG``, ``mIoU50``, ``balancedacc``.
_LESS_WITHIN = re.compile(r"loss|.*(?:loss|error|perplexity)$|perplexity")
_MORE_WITHIN = re.compile(r"(?:auc|f1|bleu|rouge|top\d)|.*(?:acc|accuracy|auc|score|iou|dice|recall|precision|reward)$")
# A metric that is turned round: ``neg_mean_squared_error``, ``negative log likelihood``.
_NEGATED = frozenset(["neg", "negative"])
# How good the first so many are: ``hits@10``, ``pass@1``.
_AT = re.compile(r"[A-Za-z]@\d")

_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+|[^\W\d_]+")
_FOREIGN = re.compile(r"[^\W\d_]+\d*|\d+")
# Spelled so that no rule finds one word in them.
_SPELLED = re.compile("IoU|CIDEr")
#: What is measured, as the end of a word that says on which part of the data, too: ``trainloss``, ``testacc``.
JOINED_ENDS = (
    "loss", "acc", "accuracy", "err", "error", "auc", "f1", "rmse", "mse", "mae", "ppl", "iou", "dice", "score",
    "verlust", "genauigkeit", "fehler",
)  # fmt: skip
_JOINED = re.compile(f"(train|trainings|val|valid|validierungs|test|dev|eval)({'|'.join(JOINED_ENDS)})")
_JOINED_CJK = re.compile(
    "(训练|訓練|学習|验证|驗證|検証|测试|測試|テスト|平均|总|最终)集?的?(损失|損失|准确率|精度|正确率|正解率|誤差|误差|召回率)(?:值|函数)?"
)


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of ``name``: ``Val Loss``, ``val_loss`` and ``valLoss`` give the same."""
    name = _SPELLED.sub(lambda found: found[0].lower(), name)
    found = [w.lower() for w in (_SPLIT if name.isascii() else _FOREIGN).findall(name)]
    for i, word in enumerate(found):
        if joined := _JOINED.fullmatch(word) or _JOINED_CJK.fullmatch(word):
            found[i : i + 1] = joined.groups()
    return tuple(found)


@lru_cache(maxsize=8192)
def scope_of(name: str) -> str:
    """``train``, ``val`` or ``test`` if a word of ``name`` says so, else nothing."""
    for word in words(name):
        if found := SCOPE_WORDS.get(word):
            return found
    return ""


def without_digits(parts: tuple[str, ...]) -> set[str]:
    """The words, and each without the digits at its end: ``top5``, ``top``."""
    return {*parts, *(part.rstrip("0123456789") for part in parts)}


def says_first_so_many(name: str) -> bool:
    """Whether ``name`` says how good the first so many are: ``hits@10``, ``pass@1``."""
    return _AT.search(name) is not None


def says_learning_rate(parts: tuple[str, ...]) -> bool:
    """Whether these words say learning rate."""
    own = set(parts)
    return "lr" in own or parts == ("l", "r") or ("rate" in own and bool(own & {"learning", "learn"}))


@lru_cache(maxsize=8192)
def better_end(name: str) -> int:
    """Which end of a metric is better by its name: -1 the lower, 1 the upper, 0 where the name does not say.

    A word for what should be small goes before one for what should be great: ``accuracy_loss`` is a loss.
    """
    parts = words(name)
    own = without_digits(parts)
    turned = -1 if own & _NEGATED else 1
    if own & _LESS or "".join(parts) in _LESS or any(_LESS_WITHIN.match(part) for part in parts) or _ranks(parts):
        return -turned
    more = own & _MORE or "".join(parts) in _MORE or any(_MORE_WITHIN.match(part) for part in parts)
    return turned if more or says_first_so_many(name) or _of_class(parts) else 0


def _ranks(parts: tuple[str, ...]) -> bool:
    """Whether these words say where the right answer comes on average: ``mean rank``."""
    return parts[-1:] == ("rank",) and not MIDDLES.isdisjoint(parts)


def _of_class(parts: tuple[str, ...]) -> bool:
    """Whether these words are precision, recall or F1 of boxes, entities …: ``ents_f``."""
    return len(parts) == 2 and parts[1] in ("p", "r", "f")
