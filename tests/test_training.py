"""The parts of the training whose results can be computed by eye, and a step of it."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from index.export import load_original
from indexer.reading import read_file
from tests.made_model import write_model
from tests.quality.ranking import UNTOUCHED, folded, read_lines
from training.examples import (
    GRADED,
    HELD_OUT,
    QUESTIONS,
    TYPED,
    Asked,
    AskedReport,
    lines_by_report,
    load_reports,
    split,
)
from training.measure import Scores, bootstrap, graded, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARED = Path(__file__).parents[2] / "shared"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published reports are not beside the project"
)
# A text's vector is the axis of its first letter.
AXES = "abcdef"


def encode(texts: list[str]) -> NDArray[np.float32]:
    return np.array([[float(text[0] == axis) for axis in AXES] for text in texts], np.float32)


def test_a_named_paragraph_counts_by_its_place() -> None:
    report = AskedReport(
        "r.pdf",
        ("a one", "b two", "c three", "d four"),
        (Asked("a?", "lay", 0), Asked("b?", "lay", 3)),
    )
    values = score([report], encode)
    assert values.ndcg.tolist() == pytest.approx([1.0, 1 / math.log2(5)])
    assert values.first.tolist() == [True, False]
    assert values.near.tolist() == [1.0, 1.0]
    # Without the named paragraph and its neighbours the first question has nothing near it.
    assert values.far.tolist() == [0.0, 1.0]
    assert values.auroc == (1 + 0.5 + 1 + 0.5) / 4


def test_graded_questions_without_an_answer_are_those_that_should_be_far() -> None:
    asked: tuple[tuple[str, dict[int, int]], ...] = (("a?", {0: 2, 1: 1}), ("f?", {}))
    report = AskedReport("r.pdf", ("a one", "b two"), (), asked)
    values = graded([report], encode)
    assert values.ndcg.tolist() == [1.0]
    assert (values.near.tolist(), values.far.tolist()) == ([1.0], [0.0])
    assert values.auroc == 1.0


def scores(ndcg: list[float], reports: list[int]) -> Scores:
    nothing: Any = np.zeros(len(ndcg))
    return Scores(np.array(ndcg), nothing, nothing, nothing, np.array(reports), len(ndcg))


def test_an_interval_resamples_reports_and_not_questions() -> None:
    reports = [0] * 50 + [1] * 50
    ours = scores([1.0] * 50 + [0.0] * 50, reports)
    assert bootstrap(ours, scores([0.0] * 100, reports)) == (0.0, 1.0)
    low, high = bootstrap(scores([0.75] * 100, reports), scores([0.5] * 100, reports))
    assert (low, high) == (0.25, 0.25)


def test_questions_are_read_with_the_places_of_their_paragraphs(
    corpus: Path, tmp_path: Path
) -> None:
    file = next(corpus.glob("*.txt")).name
    named, graded = tmp_path / "questions.jsonl", tmp_path / "graded.jsonl"
    line = {"report": file, "paragraph": "1", "style": "lay", "question": "What?"}
    further = {"report": file, "question": "Why?", "relevant": {"2": 2, "1": 1}}
    named.write_text(json.dumps(line), "utf-8")
    graded.write_text(json.dumps(further), "utf-8")
    [report] = load_reports(corpus, named, (graded,))
    assert report.asked == (Asked("What?", "lay", 0),)
    assert report.graded == (("Why?", {1: 2, 0: 1}),)
    for path, wrong in (
        (named, {**line, "paragraph": "999"}),
        (graded, {**further, "relevant": {"999": 1}}),
    ):
        right = path.read_text("utf-8")
        path.write_text(json.dumps(wrong), "utf-8")
        with pytest.raises(ValueError, match="has no paragraph 999"):
            load_reports(corpus, named, (graded,))
        path.write_text(right, "utf-8")


@pytest.mark.parametrize(("path", "least"), [(GRADED, 4000), (TYPED, 1000), (UNTOUCHED, 100)])
def test_graded_questions_that_have_an_answer_have_one_to_cite(path: Path, least: int) -> None:
    lines = read_lines(path)
    assert len(lines) > least
    for line in lines:
        assert set(line["relevant"].values()) <= {1, 2}
        cited = 2 in line["relevant"].values()
        assert cited == bool(line["relevant"]) == bool(line["answer_facts"])
        assert cited == (line["type"] != "unanswerable")


@needs_shared
def test_what_is_learnt_from_is_none_of_what_measures() -> None:
    lines = read_lines(GRADED) + read_lines(TYPED)
    measuring = read_lines(UNTOUCHED)
    for name in ("sunderland_2021", "many_reports"):
        measuring += read_lines(SHARED / "questions" / f"{name}.jsonl")
    reports = {one.get("report") for one in measuring}
    assert reports.isdisjoint(one["report"] for one in lines + read_lines(QUESTIONS))
    texts = {one["question"].casefold() for one in lines}
    assert texts.isdisjoint(one["question"].casefold() for one in measuring)


@needs_shared
def test_facts_of_graded_questions_stand_in_the_paragraphs_to_cite() -> None:
    lines = lines_by_report(GRADED, TYPED, UNTOUCHED)
    for file in sorted(lines)[::20]:
        texts: dict[str, str] = {}
        for one in read_file(SHARED / "reports" / file, file).paragraphs:
            texts.setdefault(one.number or "", folded(one.text))
        for line in lines[file]:
            cited = [texts[number] for number, grade in line["relevant"].items() if grade == 2]
            for fact in line["answer_facts"]:
                assert any(folded(fact) in text for text in cited), fact


def test_the_held_out_reports_are_the_same_every_time_and_never_trained_on() -> None:
    reports = [AskedReport(f"{number}.pdf", (), ()) for number in range(100)]
    trained, held_out = split(reports)
    assert len(held_out) == HELD_OUT
    assert {one.file for one in trained}.isdisjoint(one.file for one in held_out)
    assert split(reports) == (trained, held_out)


def test_two_sentences_of_a_long_paragraph_ask_for_its_rest() -> None:
    from training.tune import weak_pairs  # noqa: PLC0415 - it imports torch and more

    sentences = ["Care is good.", "Staff stay.", "Risk is seen.", "Schools help.", "Homes are few."]
    places = [(0, 7)]
    chance = random.Random(1)  # noqa: S311 - an order, not a secret
    [drawn] = weak_pairs(3, ["Too. Short. This.", " ".join(sentences)], places, chance)
    assert drawn.label == 1
    assert places == [(0, 7), (3, 1)]
    first, other = drawn.questions
    assert first != other
    assert {first, other} < set(sentences)
    rest = [one for one in sentences if one not in drawn.questions]
    assert drawn.paragraph == " ".join(rest)
    assert set(drawn.near) <= set(rest)


@pytest.mark.model
def test_a_step_of_training_brings_questions_nearer_to_their_paragraphs(tmp_path: Path) -> None:
    from training.recipes import Recipe  # noqa: PLC0415 - these import torch and more
    from training.tune import tune  # noqa: PLC0415

    write_model(tmp_path / "tiny", "dense")
    paragraphs = ("care leavers, housing.", "risk!", "a school.", "staff early.", "passage.")
    asked = tuple(
        Asked(question, "lay", at)
        for at, question in ((0, "leavers housing"), (0, "leavers"), (2, "school"), (4, "passage"))
    )
    report = AskedReport("r.pdf", paragraphs, asked)
    recipe = Recipe(epochs=30, learning_rate=1e-2, batch=3, typos=0.0, hard=1)
    model = load_original(tmp_path / "tiny")

    def near() -> float:
        def encoded(texts: list[str]) -> NDArray[np.float32]:
            return model.encode(texts, normalize_embeddings=True, show_progress_bar=False)

        return float(score([report], encoded).ndcg.mean())

    before = near()
    changes = tune(model, recipe, [report], tmp_path / "state")
    assert changes
    assert not any("word_embeddings" in name for name in changes)
    assert near() > before


@pytest.mark.model
def test_lessons_of_a_group_are_learnt_together(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch  # noqa: PLC0415 - it takes long

    from training import reader as training_reader  # noqa: PLC0415 - it imports torch

    steps: list[set[float]] = []
    module = torch.nn.Linear(1, 1)

    def seen(
        _: torch.nn.Module, taught: list[training_reader.Lesson], *_others: object
    ) -> torch.Tensor:
        steps.append({float(one.grades[0]) for one in taught})
        return module(torch.zeros(1)).sum()  # type: ignore[no-any-return]

    monkeypatch.setattr(training_reader, "_loss", seen)
    groups = [[training_reader.Lesson.of_grades((), [at])] * 6 for at in range(20)]
    training_reader.train_reader(module, [(groups, 2)], training_reader.QUICKLY)  # type: ignore[arg-type]
    orders = [steps[:20], steps[20:]]
    for order in orders:
        assert sorted(order, key=min) == [{at} for at in range(20)]
    assert orders[0] != orders[1]


@pytest.mark.model
def test_a_reader_learns_to_tell_the_answer_from_what_lies_near(tmp_path: Path) -> None:
    from index.encoder import OnnxEncoder  # noqa: PLC0415
    from index.export import export  # noqa: PLC0415
    from index.reader_export import load_reader  # noqa: PLC0415 - these import torch and more
    from training.reader import (  # noqa: PLC0415
        QUICKLY,
        Lesson,
        changes_of,
        lessons,
        train_reader,
    )

    write_model(tmp_path / "tiny", "mean")
    (tmp_path / "export").mkdir()
    export(tmp_path / "tiny", tmp_path / "export")
    encoder = OnnxEncoder(tmp_path / "export")
    paragraphs = ("care leavers, housing.", "risk!", "a school.", "staff early.", "passage.")
    asked = tuple(
        Asked(question, "lay", at)
        for at, question in enumerate(("leavers", "risk", "school", "staff", "passage"))
    )
    questions: tuple[tuple[str, dict[int, int]], ...] = (
        ("care or school?", {0: 2, 2: 1}),
        ("early staff?", {}),
    )
    reports = [AskedReport("r.pdf", paragraphs, asked, questions)] * 3
    taught, graded = lessons(encoder, encoder.tokenizer, reports)
    assert [one.grades[0] for one in taught] == [2.0] * 15
    assert [int((one.grades == 0).sum()) <= 3 for one in taught] == [True] * 15  # no neighbours
    assert [one.grades.tolist() for one in graded] == [[2, 1, 0, 0, 0], [0, 0, 0, 0, 0]] * 3
    words = encoder.tokenizer.decode(taught[0].pairs[0].ids)
    assert "leavers" in words
    assert "housing" in words
    reader = load_reader(load_original(tmp_path / "tiny"))

    def told() -> float:
        """In how many lessons the answer has the largest logit."""
        tensors = [tuple(map(torch.from_numpy, padded(one.pairs))) for one in taught]
        with torch.no_grad():
            return float(np.mean([int(reader(*own).argmax()) == 0 for own in tensors]))

    def best(lesson: Lesson) -> float:
        """The largest logit among a lesson's paragraphs."""
        with torch.no_grad():
            return float(reader(*map(torch.from_numpy, padded(lesson.pairs))).max())

    def singly(all_taught: list[Lesson]) -> list[list[Lesson]]:
        return [[one] for one in all_taught]

    import torch  # noqa: PLC0415

    from index.reader import padded  # noqa: PLC0415

    before = told()
    train_reader(reader, [(singly(taught), 200)], QUICKLY)
    assert told() > before
    # Words do for an answer until a question teaches that they do not.
    refused = graded[1]
    before_graded = best(refused)
    train_reader(reader, [(singly(graded), 200)], QUICKLY)
    changes = changes_of(reader, load_reader(load_original(tmp_path / "tiny")))
    assert best(refused) < before_graded - 1
    assert "shared" in changes
    assert not any("word_embeddings" in name for name in changes)
    assert any(".layer.0." in name for name in changes)
    again = load_reader(load_original(tmp_path / "tiny"))
    train_reader(again, [([graded], 2)], replace(QUICKLY, frozen=1))
    changes = changes_of(again, load_reader(load_original(tmp_path / "tiny")))
    assert not any(".layer.0." in name for name in changes)
    assert any(".layer.1." in name for name in changes)
