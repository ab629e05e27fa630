"""The parts that read a line, each alone: brackets, names, places in a line, lists, columns of a row's cells."""

from __future__ import annotations

from typing import get_args

import pytest

from mltui.parsers.records import lists, rows, tables
from mltui.parsers.records.brackets import close_bracket, open_bracket
from mltui.parsers.records.by_form import named_by_form
from mltui.parsers.records.cells import row_cells
from mltui.parsers.records.cursor import Cursor
from mltui.parsers.records.history import curves
from mltui.parsers.records.names import inside, name_of
from mltui.parsers.records.pairs import item_of, read_pairs
from mltui.parsers.records.record import is_decimal, new_field
from mltui.parsers.records.surroundings import abbreviates, stands_alone, value_follows
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.tokens import Token, TokenKind, tokenize


def walk_at(text: str, mark: str, phrase: str = "", separator: str = "") -> Walk:
    """A walk at the first ``mark`` of ``text``, with a phrase and a separator before it."""
    walk = Walk(text, tokenize(text))
    walk.i = next(i for i, token in enumerate(walk.tokens) if token.text == mark)
    walk.number = sum(token.kind == "number" for token in walk.tokens[: walk.i]) - 1
    walk.phrase, walk.separator = phrase.split(), separator
    return walk


@pytest.mark.parametrize("kind", get_args(TokenKind))
def test_each_kind_of_token_is_read(kind: TokenKind) -> None:
    """No kind is without a reader, wherever it stands."""
    assert read_pairs("x x", [Token(kind, "x", 0, 1), Token(kind, "x", 2, 3)]).heading == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("split=valid loss=0.5", {"scope": "valid"}),
        ("Averaged stats: loss: 0.5", {"lead": "Averaged stats"}),
        ("Similarity: Pearson: 0.81", {"lead": "Similarity"}),
        ("[student] loss=0.5", {"tag": "student", "about": "student"}),
        ("cur metric, acc: 0.91", {"about": "cur metric"}),
        ("Saving dict for global step 500: loss = 0.42", {"heading": "eval"}),
    ],
)
def test_a_line_says_what_it_is_about(text: str, said: dict[str, str]) -> None:
    """Beside the scopes in front of single values."""
    record = read_pairs(text, tokenize(text))
    kinds = ("scope", "heading", "lead", "tag", "about")
    assert {kind: found for kind in kinds if (found := getattr(record, kind))} == said


def test_a_scope_in_front_of_values_is_their_label() -> None:
    """It holds up to the next one."""
    text = "Train: loss=0.5 acc=0.6, Test: loss=0.7"
    fields = read_pairs(text, tokenize(text)).fields
    assert [(f.label, f.name) for f in fields] == [("Train", "loss"), ("Train", "acc"), ("Test", "loss")]


@pytest.mark.parametrize(
    ("text", "item"),
    [("  depth: train_loss=0.31", "depth"), ("  Client 0: loss=0.61", "Client 0"), ("  step: 3 loss=0.6", "")],
)
def test_an_indented_line_may_begin_with_what_it_is_about(text: str, item: str) -> None:
    found, at = item_of(text, read_pairs(text, tokenize(text)))
    assert (found, text[at : at + len(item)]) == (item, item)


# Brackets.


@pytest.mark.parametrize(
    ("text", "phrase", "separator", "bracket"),
    [
        ("Training loss (for 1 batch) 2.3", "Training loss", "", Bracket.PART),
        ("{'loss': 0.5}", "", "", Bracket.PART),
        ("(loss=0.5)", "", "", Bracket.PART),
        ("[10/80]", "", "", Bracket.LIST),
        ("tot_loss[loss=0.5]", "tot_loss", "", Bracket.LIST),
        ("loss [0.5, 0.6]", "loss", "", Bracket.VALUE),
        ("loss: [0.5, 0.6]", "loss", ":", Bracket.VALUE),
        ("Gen. (+0.95)", "Gen", "", Bracket.VALUE),
        ("loss: (0.5 m)", "loss", ":", Bracket.WRAP),
        ("accuracy: (train=0.92, test=0.85)", "accuracy", ":", Bracket.GROUP),
        ("loss: (min: 0.1, max: 0.9)", "loss", ":", Bracket.GROUP),
        ("evaluate(batch 5)", "evaluate", "", Bracket.CALL),
        ("params {'C': 0.1}", "params", "", Bracket.SETTINGS),
        ("Losses {'ner': 12.3}", "Losses", "", Bracket.PART),
    ],
)
def test_a_bracket_is_known_by_what_stands_around_it(text: str, phrase: str, separator: str, bracket: Bracket) -> None:
    """What is in front of a bracket and first in it says what it is for."""
    walk = walk_at(text, next(c for c in text if c in "([{"), phrase, separator)
    open_bracket(walk, walk.tokens[walk.i])
    assert walk.brackets == [bracket]


@pytest.mark.parametrize(
    ("text", "phrase", "at", "expected", "label"),
    [
        ("time per iteration (ms): 5", "time per iteration", "(", "time per iteration ms", ""),
        ("Epoch(train) 3", "Epoch", "(", "Epoch", "train"),
        ("avg. loss [381-400]: 75.2", "loss", "[", "loss", ""),
        ("AP @[ IoU=0.50 ] = 0.61", "AP", "[", "AP IoU=0.50", ""),
    ],
)
def test_a_bracket_that_belongs_to_a_name_is_passed(text: str, phrase: str, at: str, expected: str, label: str) -> None:
    """The walk stands at its end, no bracket is open, and the name has what it says, or the fields behind it have."""
    walk = walk_at(text, at, phrase)
    open_bracket(walk, walk.tokens[walk.i])
    assert (walk.tokens[walk.i].text in ")]", walk.brackets) == (True, [])
    assert (" ".join(walk.phrase), walk.label) == (expected, label)


@pytest.mark.parametrize(
    ("text", "mean", "percent", "number"),
    [
        ("0.81 (0.79)", 1, None, 1),
        ("0.81 (avg 0.79)", 1, None, 1),
        ("0.81 (avg: 0.79)", 1, None, 1),
        ("464 (93%)", None, 1, 1),
        ("0.81 (3)", None, None, 1),  # A count is no mean.
        ("0.81 (2.1 s)", None, None, 1),
        ("0.81 (0.79, 0.4)", 1, None, 2),
    ],
)
def test_a_bracket_behind_a_value_holds_its_mean_or_share(
    text: str, mean: int | None, percent: int | None, number: int
) -> None:
    """The first number in it is one of them or none; all are counted."""
    walk = walk_at(text, "(")
    walk.last = found = new_field("acc", 0, decimal=is_decimal(text.split()[0]))
    open_bracket(walk, walk.tokens[walk.i])
    assert (found.mean, found.percent, walk.number) == (mean, percent, number)


@pytest.mark.parametrize(
    ("text", "tag"),
    [("[student] loss", "student"), ("[INFO] loss", ""), ("[loss] 0.5", ""), ("[layer1] loss", "")],
)
def test_the_word_in_a_lines_first_bracket_is_its_tag(text: str, tag: str) -> None:
    """But for words of logs, words of the field and whatever is no plain word."""
    walk = walk_at(text, "]", text[1 : text.index("]")])
    walk.brackets = [Bracket.LIST]
    close_bracket(walk, walk.tokens[walk.i])
    assert (walk.record.tag, walk.brackets, walk.phrase) == (tag, [], [])


# Marks.


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("step 10/100", ["step 0 of 1"]),
        ("loss: 0.5/0.6", ["loss 0 and 1"]),
        ("accuracy: 21/100=0.21", ["accuracy 2"]),
        ("loss: 0.5 ± 0.1", ["loss 0"]),
        ("loss: 0.5 + 0.1", ["loss 0"]),
        ("loss -> 0.5", ["loss 0"]),
        ("loss: 0.4 -> 0.3", ["loss 1"]),
        ("|gradient| <= tol: 0.65 <= 1e-06", ["|gradient| 0"]),
        ("dice_loss - 0.31", ["dice_loss 0"]),
        ("step 100-200, loss: 0.5", ["step 1", "loss 2"]),
        ("epoch 3: train loss | 1.03", ["epoch 0", "train loss 1"]),
        ("loss, acc = (0.5, 0.9)", ["loss 0", "acc 1"]),
        ("0.7312 = Validation score", ["Validation score 0"]),
        ("2.14, 2.31 avg loss", ["loss 0", "avg loss 1"]),
    ],
)
def test_a_mark_says_which_number_is_whose(text: str, fields: list[str]) -> None:
    """Each field has the index of its value, of its total behind "of" and of further values behind "and"."""
    found = read_pairs(text, tokenize(text)).fields
    totals = ["" if f.total is None else f" of {f.total}" for f in found]
    more = ["".join(f" and {index}" for index in f.more) for f in found]
    assert [f"{f.name} {f.index}{of}{rest}" for f, of, rest in zip(found, totals, more, strict=True)] == fields


def test_a_cursor_passes_over_gaps() -> None:
    """Only whether a token touches a number depends on the blanks between them."""
    at = Cursor(tokenize("loss  0.5  /  10"), 3)
    assert (at.tokens[1].kind, at.tokens[3].kind, at.next_kind(), at.previous_text()) == ("gap", "gap", "mark", "0.5")
    at.go_to(at.tokens[4])
    assert (at.after_number(), at.touches_number(at.tokens[4]), at.touches_gap()) == (True, False, True)
    assert (at.next(), at.next(2), at.next(3)) == (at.tokens[6], at.tokens[6], None)


# Names.


@pytest.mark.parametrize(
    ("phrase", "explicit", "name", "before"),
    [
        ("train loss", True, "train loss", ""),
        ("finished with val loss", True, "val loss", "finished with"),
        ("loss is", True, "loss", ""),
        ("Std of Reward", True, "Std of Reward", ""),
        ("Current best", True, "Current best", ""),
        ("Training acc over epoch", True, "Training acc over epoch", ""),
        ("Valid hits at step", False, "at step", "Valid hits"),
        ("epoch", False, "epoch", ""),
        ("Learning rate is", False, "Learning rate", ""),
        ("Decaying learning rate", False, "", "Decaying learning rate"),
        ("some prose about loss", False, "", "some prose about loss"),
        ("anything at all", False, "", "anything at all"),
    ],
)
def test_a_phrase_ends_with_a_name_or_is_prose(phrase: str, explicit: bool, name: str, before: str) -> None:
    """Where a colon stands behind it the last words are a name; else only words of the field are."""
    assert name_of(phrase.split(), explicit) == (name, before.split())


@pytest.mark.parametrize(
    ("outer", "name", "full"),
    [
        ("", "loss", "loss"),
        ("train", "loss", "train loss"),
        ("tot_loss", "loss", "tot_loss"),
        ("loss", "val_loss", "val_loss"),
    ],
)
def test_a_name_in_a_bracket_is_completed_by_what_stands_in_front_of_it(outer: str, name: str, full: str) -> None:
    """Unless one of both says all that the other says."""
    assert inside(outer, name) == full


# Places in a line.


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("iter 1 act 5.0 f 1.3", "5.0 1.3"),
        ("[LibLinear]iter 1 act 5.0 f 1.3", "5.0 1.3"),
        ("iter 1 act 5.0", ""),  # Too few to tell.
        ("done 1 act 5.0 f 1.3", ""),  # Nothing counts.
        ("iter 1 in 5.0 f 1.3", ""),
        ("iter 1, act 5.0, f 1.3", "5.0 1.3"),
        ("iter 1, act 5.0; f 1.3, g 2.0", ""),  # The marks differ.
        (">>> critic ep 20 act 5.0 f 1.3", "5.0 1.3"),
        ("epoch 1 / 5 train act 5.0 val f 1.3", "5.0 1.3"),
        ("epoch 1 act 5.0 some f 1.3", ""),
        ("epoch 1: pull force 0.9, push 0.7", "0.9 0.7"),
        ("epoch 1: pull force 0.9; push 0.7, and more", ""),
        ("frame 1: pull force 0.9, push 0.7", ""),  # It may be a game's.
        ("held-out ELBO 3.2 | active units 8", "3.2"),  # Of a line that does not count, what is measured.
    ],
)
def test_in_a_line_that_is_made_of_fields_words_in_front_of_a_number_name_it(text: str, named: str) -> None:
    """Short names, or names that the same mark sets apart, in a line that counts."""
    tokens = tokenize(text)
    assert [tokens[i].text for i in sorted(named_by_form(tokens))] == named.split()


@pytest.mark.parametrize(
    ("text", "alone"),
    [("acc 0.9 | foo 0.31 |", True), ("acc 0.9  foo 0.31", True), ("acc 0.9 the foo 0.31 |", False)],
)
def test_a_word_with_marks_around_it_and_its_number_is_a_name(text: str, alone: bool) -> None:
    walk = Walk(text, tokenize(text))
    walk.phrase = ["foo"]
    walk.go_to(number := next(token for token in walk.tokens if token.text == "0.31"))
    assert stands_alone(walk, number) is alone


@pytest.mark.parametrize(
    ("text", "shortened"), [("acc.: 54", True), ("Ep. 1", True), ("Training. 1", False), ("Done. Then", False)]
)
def test_a_point_may_shorten_a_word(text: str, shortened: bool) -> None:
    tokens = tokenize(text)
    assert abbreviates(Cursor(tokens, 1), tokens[1]) is shortened


@pytest.mark.parametrize(
    ("text", "follows"), [("100: 0.5", True), ("100 = 0.5", True), ("100: 5", False), ("100: 0.5 s", False)]
)
def test_a_value_may_follow_a_counter(text: str, follows: bool) -> None:
    """It is measured, without a unit, and the line's last number."""
    assert value_follows(Cursor(tokenize(text))) is follows


# Lists.


def test_names_and_values_of_two_lists_are_found_around_a_separator() -> None:
    tokens = tokenize("done: train loss, acc = (0.5, 0.9) in 3 s")
    at = next(i for i, token in enumerate(tokens) if token.text == "=")
    assert lists.names_before(tokens, at) == ["train loss", "acc"]
    assert [token.text for token in lists.numbers_behind(tokens, at)] == ["0.5", "0.9"]


def test_whole_curves_in_one_line_are_read_in_any_notation() -> None:
    """Each is a name with its pairs; values may be texts, have an exponent of Fortran, or no number yet."""
    text = "{'acc': [(0, 0.5), (1, '0.75')], 'loss': [(0, 1.5D+01), (1, 2e-1)]}"
    assert curves(text) == [("acc", [(0, 0.5), (1, 0.75)]), ("loss", [(0, 15.0), (1, 0.2)])]


# Columns of cells.

CMA = "Iterat #Fevals   function value  axis ratio  sigma  min&max std  t[m:s]"
CMA_COLUMNS = ["Iterat", "#Fevals", "function value", "axis ratio", "sigma", "min&max", "std", "t[m:s]"]


@pytest.mark.parametrize(
    ("header", "row", "names"),
    [
        ("epoch  train loss  val loss", "1  0.5  0.6", ["epoch", "train loss", "val loss"]),
        ("epoch,loss,acc", "1,,0.9", ["epoch", "loss", "acc"]),
        ("epoch  train loss  val loss", "1  0.5  0.6 *", ["epoch", "train loss", "val loss", ""]),
        ("epoch  loss  acc", "1  0.5 ↓  0.9", ["epoch", "loss", "", "acc"]),
        ("epoch\tloss\tacc", "1\t\t0.5\t0.9", ["epoch", "", "loss", "acc"]),
        ("   loss  acc", "0  0.5  0.9", ["", "loss", "acc"]),
        ("epoch | loss | acc", "1 | 0.5 | …", ["epoch", "loss", "acc"]),
        ("epoch | loss | val | acc", "1 | 0.5 | …", ["epoch", "loss", ""]),
        ("epoch  train loss  val lo…", "1  0.5  0.6  3", ["epoch", "train loss", "val lo…", ""]),
        (CMA, "    1     10 1.256183461873206e+02 1.0e+00 9.00e-01  8e-01  9e-01 0:00.0", CMA_COLUMNS),
        ("epoch   loss     acc", "  1             0.9", ["epoch", "acc"]),
        ("epoch   loss     acc", "  1     0.5     0.9  0.3", None),
        ("epoch   loss     acc", "  1                    0.3", None),
    ],
)
def test_the_cells_of_a_row_find_their_columns(header: str, row: str, names: list[str] | None) -> None:
    """By their number, beside marks, tabs and indexes, cut off at the terminal's edge, or by where they stand."""
    found, cells = tables.read_header(header), row_cells(row)
    assert found is not None
    assert cells is not None
    assert rows.assign(found, cells) == names
