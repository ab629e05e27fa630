"""The words of training logs, by what they say of a number or a line; ``roles.py`` finds out what a whole name says.

What a name is follows from its words alone, so that a framework nobody thought of is read as long as it speaks the
field's language. What is measured, and on which part of the data, stands in ``domain/words.py``, which the charts use
too; what only other programs tell stands in ``everyday.py``.
"""

from __future__ import annotations

from typing import Literal

from mltui.domain.metric import STAGES
from mltui.domain.words import AVERAGED, LOSSES, MIDDLES, REWARDS, word_set

# What is measured, and what stands beside it.

#: Words of a mean's name that what it is the mean of does not have.
MEANS = AVERAGED | word_set("running smoothed ema")
#: What is told of many values: ``(min: 0.0, avg: 2.1, max: 3.0)``.
STATISTICS = MIDDLES | word_set("min max std")
#: Words that may stand in a metric's name beside the word that measures.
QUALIFIERS = (
    MEANS
    | STATISTICS
    | word_set("""
    平均 总 smooth raw total sum batch step mini epoch episode
    episodic current cur new final overall global local macro micro weighted per class set top change estimate the
""")
)
#: What is measured on the first so many: ``Recall 20: 0.31``, ``Accuracy 5: 0.91``.
OF_FIRST = word_set("""
    recall precision prec rec hit hits hr ndcg map mrr top acc accuracy ap ar f1 p r pass success
""")
#: What a training makes small or great: it tells of one wherever it stands.
OBJECTIVES = LOSSES | REWARDS | word_set("cost likelihood loglik ll logprob elbo objective objf fitness")
#: In front of ``rate``: how often that is.
HOW_OFTEN = word_set("success win failure detection acceptance completion collision")
#: Behind a measure: what it is of, or over what, follows.
ABOUT = word_set("on of for over across per by since")

# Set, not measured.

#: What data are made of: how many there are, or how many a training has seen.
SAMPLES = word_set("data samples examples images imgs sequences tokens words")
#: Set by a schedule, which may change them: a curve beside what is measured.
SCHEDULE_WORDS = word_set("""
    lr lrs learningrate grad gradnorm norm momentum mom wd temperature epsilon eps beta std scale clip
""")
_AIMS_AND_LIMITS = word_set("target desired threshold thresh thres tol tolerance prev previous")
#: A setting even in front of a word that measures: "target loss", "num errors".
SETTING_WORDS_ANYWHERE = _AIMS_AND_LIMITS | word_set("""
    num number count counts patience smoothing weight weights seed
    since until expected estimated every interval period packet packets chance majority leaf
""")
#: What should be reached, in words of its own.
AIMS = word_set("target goal aim wanted desired required")
#: In the name of what another value is compared with: ``val_loss 0.04 < min_loss 0.14``.
LIMITS = AIMS | _AIMS_AND_LIMITS | word_set("min max best lowest highest limit bound last old baseline")
#: No curve: what is set, numbers a thing, or says how many there are.
SETTING_WORDS = (
    SETTING_WORDS_ANYWHERE
    | SAMPLES
    | word_set("""
    dropout decay warmup freq frequency version port pid ppid id idx index worker workers thread threads gpus
    device devices rank ranks nproc row rows col cols columns line lines file files shard shards vocab layer
    layers heads hidden dim dims embed length trainable node nodes world queue qsize retry retries limit budget
    capacity cores instances features bins points dataset class
    classes label labels buffer level verbose alpha gamma lambda maximum minimum skipped nan consumed chunk
    chunks window stride kernel channels filters estimators depth leaves height width resolution exit code errno
    status vnum bsz wpb accumulation optimization lag offset predict predicted pred prediction predictions
    interacts interactions games percentage percent init initial
""")
)
#: Settings of a training that stand beside its learning rate where all of them are listed.
HYPERPARAMETERS = word_set("""
    dropout decay gamma warmup hidden layers depth batch bs bsz seed patience smoothing weight units filters optimizer
""")
#: Settings that some trainings learn: beside what is measured they are a curve once they change.
LEARNT_SETTINGS = word_set("alpha gamma lambda tau weight weights threshold")
#: Settings that are whole: of another number such a word is what was measured on it.
WHOLE_SETTINGS = word_set("depth width height class classes label labels features nodes")

# What the machine does.

#: How long a service takes to answer.
RESPONSE_TIMES = word_set("latency ping jitter rtt")
#: The same for all but the slowest requests, in a name of its own: ``p99``.
PERCENTILES = word_set("p50 p75 p90 p95 p99 p999")
#: No curve: when it is, and how long something takes.
TIME_WORDS = RESPONSE_TIMES | word_set("""
    time times timing eta elapsed duration dur seconds second secs sec ms minutes hours remaining took wall
    walltime wal runtime uptime timestamp timer date datetime clock t dt ts age zeit dauer temps durée tiempo duración
    tempo czas время 时间 時間
""")
#: The same for a part of a step, where it says no more: ``data: 0.17 fwd: 0.2``.
PASSES = word_set("fwd bwd forward backward")
#: No curve: how much memory or space there is, and how much of a machine is used.
SIZE_WORDS = word_set("""
    mem memory maxmem gpumem cpumem vram ram rss gpu cpu cuda disk bytes kb mb gb kib mib gib size sizes allocated
    reserved cached param params parameters flops gflops tflops macs mfu hfu util utilization
""")
#: How much a service is asked.
REQUEST_RATES = word_set("qps rps")
#: Work per second.
THROUGHPUT_WORDS = REQUEST_RATES | word_set("throughput speed fps ips wps ups tps sps tgs iops")

# What counts.

#: How a counter counts: ``batch`` begins anew each epoch, ``step`` runs on.
Way = Literal["epoch", "batch", "step", "fold"]

# What is counted, how, and the words for it.
_COUNTS: dict[str, tuple[Way, str]] = {
    "epoch": (
        "epoch",
        "epoch ep epo epch epochs epoche durchlauf époque época epoca epoka эпоха 轮 輪 轮次 エポック 에폭 에포크",
    ),
    "batch": ("batch", "batch minibatch batchidx batchid lot lote lotto partia батч"),
    "step": ("step", "step globalstep étape pas schritt paso passo krok шаг 步 ステップ"),
    "iteration": (
        "step",
        "iter iteration it ite itr itrs iters iterations iterate iterat niter itération iteración iteração"
        " iterazione iteracja итерация 迭代 次迭代",
    ),
    "update": ("step", "update updates up upd"),
    "timestep": ("step", "timestep timesteps"),
    "round": ("step", "round runde"),
    "trial": ("step", "trial"),
    "episode": ("step", "episode episodes"),
    "generation": ("step", "generation gen"),
    "frame": ("step", "frame frames"),
    "count": ("step", "game cycle tree counter sweep"),
    "tick": ("step", "tick"),
    "percent": ("step", "progress"),
    "fold": ("fold", "fold"),
    "task": ("fold", "task"),
}
#: Each of these words: what it counts, and how.
COUNTERS = {word: (counted, way) for counted, (way, text) in _COUNTS.items() for word in word_set(text)}
#: Several of what an epoch is made of, each as what a number in front of them counts.
BATCHES = {
    **dict.fromkeys(("batches", "minibatches"), "batch"),
    **dict.fromkeys(("iters", "iterations", "its"), "iteration"),
    "steps": "step",
}
#: Those that count wherever a number stands behind them, as the alternatives of an expression.
COUNTING = "epoch|step|iteration|iter|episode|round"

#: Which one of several it is.
NUMBERS = word_set("num idx id index number no nr")

#: The same where letters are among it: what stands behind is one of very many things, ``request_id=2e219e``.
IDENTIFIERS = word_set("id uid uuid guid req")

# Who speaks, and of what.

#: What may be trained beside another: in brackets in front of a line they tell its series apart.
PARTS = word_set("student teacher generator discriminator actor critic encoder decoder policy source server client ema")
#: Who prints a line or is spoken of in it, told by a number: ``[rank 0]``, ``| agent 1 |``, ``"client": 3``.
WHO = word_set("rank client agent worker player actor learner")
#: Who prints, too, in brackets, in front of a colon or of a measure; a field of that name says how many there are.
PROCESSES = word_set("gpu proc process node replica trainer")
#: Which of several runs prints, in brackets: elsewhere such a word counts, or is a setting.
RUNS = word_set("seed trial chain")
#: Which of several trainings a line is of, where it stands in front of the epoch: ``Run: 01, Epoch: 02``.
REPEATS = STAGES | word_set("run repeat restart seed")
#: Of these what is neither a counter nor a setting: it says who prints in front of a colon, too.
CHAINS = word_set("chain")
#: What a text is to a program that sorts, answers or finds texts.
TEXTS = word_set("""
    text sentence document content caption transcription prompt response query question answer
""")
#: Pieces of data that any program works through: how many of them are done says nothing of a training.
PIECES = word_set("shard file part chunk page document doc row record item message event request query queries")
#: Those of which a training may count how many it has done: that a line speaks of one is said by ``segment 8/24``.
EXAMPLES = word_set("segment clip utterance image question")
#: What was counted is over.
OVER = word_set("done finished completed complete")
#: What is done with a model, or what was found.
SAVES = word_set("saved saving save saves wrote writing")


def is_piece(word: str) -> bool:
    """Whether ``word`` says one or several ``PIECES``."""
    lower = word.lower()
    return lower in PIECES or lower.removesuffix("s") in PIECES
