"""What is read of a paragraph, how question and text are put together, and the export."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from index.adapter import read_adapter, write_adapter
from index.encoder import TOKENIZER, untrimmed
from index.errors import ModelError
from index.export import export, load_original
from index.models import Readers
from index.reader import CLOSER, QUICK, Pair, Reader, SingleReader, excerpt, padded, paired
from index.records import Filters
from search.ask import Searcher
from search.rank import DOUBT, load_fitted
from tests.made_model import write_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.models import Model
    from index.reader import ReaderFiles
    from search.answer import Quote
    from search.result import Result


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """A word is a token: [CLS] is 0, [SEP] 1, "a" 2, "b" 3, and any other word 4."""
    unknown = "?"
    made = Tokenizer(
        WordLevel({"[CLS]": 0, "[SEP]": 1, "a": 2, "b": 3, unknown: 4}, unk_token=unknown)
    )
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    return made


def sentences_of(*words: int) -> tuple[str, list[tuple[int, int]]]:
    """Sentences of so many words, and where each starts and ends."""
    text, spans = "", []
    for at, count in enumerate(words):
        text += " " if at else ""
        spans.append((len(text), len(text) + 2 * count - 1))
        text += " ".join("abcdefgh"[at] * count)
    return text, spans


EXCERPTS = [
    # All of it is short enough.
    ((10, 10, 10), (0.1, 0.9, 0.2), (0, 2)),
    # The nearer neighbour comes first, and the other has no room left.
    ((40, 40, 40), (0.3, 0.9, 0.2), (0, 1)),
    ((40, 40, 40), (0.2, 0.9, 0.3), (1, 2)),
    # One that is too long stops the run, and the run goes on at its other end.
    ((10, 90, 10, 10), (0.1, 0.2, 0.9, 0.1), (2, 3)),
    # The nearest one is read whatever its length.
    ((10, 200, 10), (0.1, 0.9, 0.2), (1, 1)),
    ((5,), (0.0,), (0, 0)),
]


@pytest.mark.parametrize(("words", "near", "expected"), EXCERPTS)
def test_the_run_of_sentences_about_the_nearest_is_read(
    words: tuple[int, ...],
    near: tuple[float, ...],
    expected: tuple[int, int],
    tokenizer: Tokenizer,
) -> None:
    text, spans = sentences_of(*words)
    first, last = expected
    assert excerpt(tokenizer, text, spans, near) == text[spans[first][0] : spans[last][1]]


def test_a_text_without_sentences_is_read_whole(tokenizer: Tokenizer) -> None:
    assert excerpt(tokenizer, "a title", [], []) == "a title"


def test_question_and_text_are_told_apart_and_padding_from_both(tokenizer: Tokenizer) -> None:
    pairs = paired(tokenizer, "a b", ["b", "a a b"])
    assert pairs == [Pair([0, 2, 3, 1, 3, 1], 4), Pair([0, 2, 3, 1, 2, 2, 3, 1], 4)]
    ids, types, mask = padded(pairs)
    assert ids[0].tolist() == [0, 2, 3, 1, 3, 1, 0, 0]
    assert types[0].tolist() == [0, 0, 0, 0, 1, 1, 0, 0]
    assert mask[0].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    assert mask[1].tolist() == [1] * 8


def test_no_text_is_longer_than_the_model_reads(tokenizer: Tokenizer) -> None:
    [pair] = paired(tokenizer, "a " * 1000, ["b " * 1000])
    assert len(pair.ids) < 512 // 2
    assert (pair.ids[pair.asked - 1], pair.ids[-1]) == (1, 1)


@pytest.fixture(scope="module")
def tiny_readers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a tiny model with readers, beside both bases and the readers' adapters."""
    folder = tmp_path_factory.mktemp("reader")
    size = 16
    waves = np.sin(np.arange(size * 2 * size, dtype=np.float32)).reshape(size, 2 * size)
    changes = {"bert.encoder.layer.1.output.dense.weight": 5 * waves}
    for name, kind in (("quick", "mean"), ("closer", "mpnet")):
        write_model(folder / name, kind)
        write_adapter(folder / f"{name}-adapter", name, "b" * 64, changes, 2)
    readers = Readers(*(read_adapter(folder / f"{name}-adapter") for name in ("quick", "closer")))
    (folder / "export").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.export.put_together", lambda _: folder / "closer")
        patch.setattr("index.export.is_installed", lambda: True)
        export(folder / "quick", folder / "export", None, readers)
        patch.setattr("index.export.is_installed", lambda: False)
        (folder / "quick-export").mkdir()
        export(folder / "quick", folder / "quick-export", None, readers)
    return folder


@pytest.mark.model
@pytest.mark.parametrize(("name", "files"), [("quick", QUICK), ("closer", CLOSER)])
def test_an_export_reads_as_the_original_and_its_adapter_counts(
    name: str, files: ReaderFiles, tiny_readers: Path
) -> None:
    import torch  # noqa: PLC0415

    from index.reader_export import load_reader  # noqa: PLC0415 - it imports torch

    exported = SingleReader(tiny_readers / "export", files)
    question, texts = "care leavers", ["housing for care leavers.", "risk!", "school " * 150]
    adapter = read_adapter(tiny_readers / f"{name}-adapter")
    with torch.no_grad():
        plain, changed = (
            load_reader(load_original(tiny_readers / name), one) for one in (None, adapter)
        )
        original = load_original(tiny_readers / name)
        words = untrimmed(original.tokenizer.backend_tokenizer)
        short = map(torch.from_numpy, padded(paired(words, question, texts[:2])))
        tensors = list(short)
        untrained, expected = plain(*tensors).numpy(), changed(*tensors).numpy()
    found = exported.read(question, texts[:2])
    assert found == pytest.approx(expected, abs=0.3 if files.short else 1e-4)
    assert np.abs(found - untrained).max() > 1


@pytest.mark.model
def test_the_likeliest_are_read_closer_and_both_readers_count_the_same(tiny_readers: Path) -> None:
    folder = tiny_readers / "export"
    quick, closer = (SingleReader(folder, files) for files in (QUICK, CLOSER))
    question, texts = "care leavers", ["risk!", "housing for care leavers.", "a school.", "early."]
    expected = quick.read(question, texts)
    best = sorted(range(4), key=lambda at: -expected[at])[:3]
    expected[best] = (expected[best] + closer.read(question, [texts[at] for at in best])) / 2
    both = Reader(folder).read(question, texts)
    assert both == pytest.approx(expected, abs=1e-5)
    assert not np.allclose(both, quick.read(question, texts), atol=0.1)
    [alone] = Reader(folder).read(question, texts[:1])
    assert alone == pytest.approx(
        (quick.read(question, texts[:1])[0] + closer.read(question, texts[:1])[0]) / 2, abs=1e-5
    )


@pytest.mark.model
def test_without_the_base_of_the_closer_reader_the_quick_one_reads_alone(
    tiny_readers: Path,
) -> None:
    folder = tiny_readers / "quick-export"
    assert not list(folder.glob("closer*"))
    question, texts = "care leavers", ["risk!", "housing for care leavers."]
    alone = SingleReader(folder, QUICK).read(question, texts)
    assert Reader(folder).read(question, texts).tolist() == alone.tolist()


def test_a_reader_that_cannot_be_opened_says_where(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be opened"):
        Reader(tmp_path).read("a", ["b"])
    tokenizer.save(str(tmp_path / TOKENIZER))
    (tmp_path / QUICK.graph).write_bytes(b"no graph")
    with pytest.raises(ModelError, match="cannot be opened"):
        Reader(tmp_path).read("a", ["b"])


# What reading does to a result

# Of the six paragraphs of the report that is asked.
MOST_READ = 4


class ShortestIsRight:
    """Reads whole texts, and holds the shorter one to be the answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def excerpt(
        self, text: str, sentences: Sequence[tuple[int, int]], near: Sequence[float]
    ) -> str:
        return text

    def read(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        self.asked.append((question, len(texts)))
        return np.array([logit_of(text) for text in texts])


def logit_of(text: str) -> float:
    return 1 - len(text) / 20


@pytest.fixture
def reading(
    built_index: Path, fake_model: Model, monkeypatch: pytest.MonkeyPatch
) -> tuple[Searcher, ShortestIsRight]:
    """A searcher whose model has such a reader, and that reader."""
    reader = ShortestIsRight()
    monkeypatch.setattr(Searcher, "_reader_of", lambda *_: reader)
    monkeypatch.setattr("search.rank.MOST_READ", MOST_READ)
    return Searcher(built_index), reader


DOUBTED = "what about the weather?"
NORTHBRIDGE = Filters(report="northbridge-2021.txt")


def lengths(result: Result) -> list[int]:
    return [len(hit.text) for hit in result.hits]


def test_where_few_are_searched_the_first_are_ordered_by_reading_and_the_rest_stays(
    reading: tuple[Searcher, ShortestIsRight], monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, reader = reading
    monkeypatch.setattr("search.rank.Confidence.of", lambda *_: 0.99)
    searcher.ask(DOUBTED, NORTHBRIDGE, ranking="dense")
    assert reader.asked == []
    result = searcher.ask(DOUBTED, NORTHBRIDGE)
    assert reader.asked == [(DOUBTED, MOST_READ)]
    assert lengths(result)[:MOST_READ] == sorted(lengths(result)[:MOST_READ])
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert "read" in result.timing_ms


@pytest.mark.parametrize(
    ("few", "sure", "read"), [(5, DOUBT, 0), (5, DOUBT - 0.01, 1), (6, DOUBT, 1)]
)
def test_where_many_are_searched_only_what_is_in_doubt_is_read(
    reading: tuple[Searcher, ShortestIsRight],
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    sure: float,
    read: int,
) -> None:
    searcher, reader = reading
    monkeypatch.setattr("search.rank.FEW", few)  # the report has six
    monkeypatch.setattr("search.rank.Confidence.of", lambda *_: sure)
    searcher.ask(DOUBTED, NORTHBRIDGE)
    assert len(reader.asked) == read


def test_what_abbreviations_stand_for_is_read_in_their_place(
    reading: tuple[Searcher, ShortestIsRight],
) -> None:
    searcher, reader = reading
    searcher.ask("What about the IRO?", NORTHBRIDGE)
    assert reader.asked == [("What about the independent reviewing officer (IRO)?", MOST_READ)]


def test_confidence_after_reading_is_that_of_the_logit(
    reading: tuple[Searcher, ShortestIsRight],
) -> None:
    searcher, _ = reading
    result = searcher.ask(DOUBTED, NORTHBRIDGE)
    expected = [load_fitted().reading.of(logit_of(hit.text)) for hit in result.hits]
    assert len(set(expected)) > 1
    assert result.confidence == round(expected[0], 4)


def test_others_are_quoted_by_what_their_logits_say_beside_the_first(
    reading: tuple[Searcher, ShortestIsRight], monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, _ = reading
    fitted = load_fitted()
    sure: list[float] = []

    def quote(*_: object, **known: Any) -> list[Quote]:
        sure.extend(known["sure"])
        return []

    monkeypatch.setattr("search.rank.load_fitted", lambda: replace(fitted, threshold=0.0))
    monkeypatch.setattr("search.answer.quote", quote)
    hits = searcher.ask(DOUBTED, NORTHBRIDGE).hits[:MOST_READ]
    logits = [logit_of(hit.text) for hit in hits]
    before = [
        hit.score - fitted.reading.weight * own for hit, own in zip(hits, logits, strict=True)
    ]
    assert sure[1:] == [
        pytest.approx(fitted.others.of(np.array([own, logits[0], score])), abs=1e-4)
        for own, score in zip(logits[1:], before[1:], strict=True)
    ]


def test_as_many_are_read_as_there_are_and_though_fewer_are_wanted(
    reading: tuple[Searcher, ShortestIsRight],
) -> None:
    searcher, reader = reading
    [result] = searcher.ask(DOUBTED, NORTHBRIDGE, k=1).hits
    assert len(result.text) == min(lengths(searcher.ask(DOUBTED, NORTHBRIDGE))[:MOST_READ])
    assert searcher.ask(DOUBTED, Filters(council="Elsewhere")).hits == ()
    assert reader.asked == 2 * [(DOUBTED, MOST_READ)]
    few = searcher.ask(DOUBTED, Filters(report="south/southmere-2022.txt"))
    assert reader.asked[2:] == [(DOUBTED, len(few.hits))]
    assert lengths(few) == sorted(lengths(few))
