"""What `make faults` does in full, a little of each: whatever fails, what was published serves."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults import flipped, full_disk, killed, locks, odd_files, while_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from index.models import Model
    from tests.faults.running import Outcome

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="signals, disks and names as Linux has them"
)


def told(outcome: Outcome) -> str:
    """All that is not right, a line each."""
    return "\n".join(outcome.problems)


@pytest.fixture(scope="module")
def kinds(fake_weights: object, tmp_path_factory: pytest.TempPathFactory) -> list[killed.Kind]:
    """The kinds of builds, with the indexes they start from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INSPECTION_SEARCH_MODEL", str(fake_weights))
        return killed.prepare_kinds(tmp_path_factory.mktemp("kinds"))


def test_a_build_killed_at_any_time_leaves_an_index_that_serves_and_the_next_goes_on(
    fake_model: Model, kinds: list[killed.Kind]
) -> None:
    assert told(killed.try_deaths("", killed.deaths_at_random(kinds[:-1], 4))) == ""


@pytest.mark.parametrize("kind", range(5))
def test_a_build_killed_between_two_steps_leaves_an_index_that_serves_and_the_next_goes_on(
    kind: int, fake_model: Model, kinds: list[killed.Kind]
) -> None:
    deaths = killed.deaths_at_moments([kinds[kind]], every=1)
    assert told(killed.try_deaths("", deaths[:: len(deaths) // 2 or 1])) == ""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root makes disks")
def test_a_full_disk_is_told_in_a_line_and_the_old_index_serves(fake_model: Model) -> None:
    assert told(full_disk.disk_full(tries=4)) == ""


def test_a_file_that_may_not_grow_is_told_in_a_line_and_the_old_index_serves(
    fake_model: Model,
) -> None:
    assert told(full_disk.file_too_large(tries=3)) == ""


def test_what_is_not_permitted_is_told_in_a_line_and_what_may_be_read_serves(
    fake_model: Model,
) -> None:
    assert told(full_disk.not_permitted()) == ""


def test_a_byte_that_is_another_is_found_and_changes_no_answer(fake_model: Model) -> None:
    assert told(flipped.stored_flipped(manifest_places=10)) == ""


def test_a_damaged_record_of_the_vector_cache_is_not_used(fake_model: Model) -> None:
    assert told(flipped.records_flipped(every=6)) == ""


def test_answers_are_of_one_generation_while_others_are_published(fake_model: Model) -> None:
    assert told(while_reading.published_while_reading(builds=4, threads=4, processes=1)) == ""


@pytest.mark.parametrize(
    "case",
    [
        odd_files.odd_times,
        odd_files.replaced_unseen,
        odd_files.links_in_circles,
        odd_files.odd_names,
    ],
)
def test_odd_files_are_indexed_or_told(case: Callable[[], Outcome], fake_model: Model) -> None:
    assert told(case()) == ""


def test_a_clock_that_is_set_back_hides_no_change(fake_model: Model) -> None:
    assert told(odd_files.odd_clocks(every=4)) == ""


def test_hundreds_of_empty_files_are_told_and_not_read_again(fake_model: Model) -> None:
    assert told(odd_files.many_empty(500)) == ""


def test_a_second_builder_is_refused_or_waits_and_a_dead_one_holds_nothing(
    fake_model: Model,
) -> None:
    assert told(locks.held_locks()) == ""
