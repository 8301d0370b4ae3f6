"""Reports added to the collection and taken out of it, and the rebuild that follows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from pages.drawing import anchor, draw_error, escape_markdown
from pages.rebuild import build_command, last_rebuild, start_rebuild
from pages.tables import draw_table
from pages.uploads import (
    MOST_FILES,
    MOST_MEGABYTES,
    SUFFIXES,
    TRIES,
    add_reports,
    configured_password,
    corpus_folder,
    remove_report,
    uploads_allowed,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from index.generation import Generation
    from index.records import SourceFile
    from pages.rebuild import State
    from search.collection import Row

_UNLOCKED = "may change the collection"
_SAID = "said of the last change"
# The build that this session has seen running, and whether its end is still to be shown: the rest
# of the page is another one then. Sessions that come later are not told of it.
_FOLLOWED = "followed build"
_OUTCOMES = {"added": "Added", "duplicate": "Already in the folder", "refused": "Refused"}
_MOST_NAMED = 10
_TROUBLE = 3  # lines of a log that tell what went wrong


def draw_changes(generation: Generation | None, rows: Sequence[Row]) -> None:
    """What may change the collection, as far as the configuration and the reader's password go."""
    st.header("Add or remove reports", anchor=False)
    if not uploads_allowed():
        st.html(
            "<p>On this server reports are added by whoever runs it, in the folder of the reports "
            "and with the command <code>python -m indexer build</code>. The README says how "
            "readers may be allowed to add them on this page.</p>"
        )
        return
    try:
        folder = corpus_folder(() if generation is None else generation.manifest.roots)
    except InspectionSearchError as error:
        draw_error(str(error))
        return
    if not _unlocked():
        return
    files = [] if generation is None else generation.store.files()
    _draw_last_change()
    _draw_rebuild(folder, files, rows)
    _draw_adding(folder, rows)
    if rows:
        _draw_removing(folder, rows, files)


def _unlocked() -> bool:
    """Whether this session may change the collection; asks for the password where it may not."""
    password = configured_password()
    if password is None or st.session_state.get(_UNLOCKED):
        return True
    with st.form("unlock", clear_on_submit=True):
        given = st.text_input("Password for changes", type="password")
        pressed = st.form_submit_button("Unlock")
    if pressed:
        try:
            if TRIES.unlock(given or "", password):
                st.session_state[_UNLOCKED] = True
                st.rerun()
            draw_error("That is not the password.")
        except InspectionSearchError as error:
            draw_error(str(error))
    return False


def _draw_last_change() -> None:
    said: list[tuple[str, str, str]] = st.session_state.pop(_SAID, [])
    if said:
        added = sum(outcome == _OUTCOMES["added"] for _, outcome, _ in said)
        st.html(f"<p role='status'>{added} of {len(said)} files added.</p>")
        draw_table("What became of the files", ("File", "Outcome", "Name or reason"), said)


def _draw_rebuild(folder: Path, files: Sequence[SourceFile], rows: Sequence[Row]) -> None:
    rebuild = last_rebuild()
    running = rebuild is not None and rebuild.running()
    if rebuild is not None:
        # Only while there is something to follow does the page ask again.
        st.fragment(_draw_progress, run_every=1 if running else None)(rows)
    if running:
        return
    names = waiting(folder, files)
    if names:
        listed = ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
        noun = "file waits" if len(names) == 1 else "files wait"
        st.html(f"<p>{len(names):,} {noun} for a rebuild: {escape(listed)}</p>")
    if st.button("Rebuild the index"):
        _start(folder, rows)


def _start(folder: Path, rows: Sequence[Row]) -> None:
    known = [row.report.id for row in rows]
    try:
        rebuild = start_rebuild(build_command(folder, configured_folder()), known)
    except OSError as error:
        draw_error(f"The build cannot be started: {error.strerror or error}.")
        return
    st.session_state[_FOLLOWED] = (rebuild, True)
    st.rerun()


def _draw_progress(rows: Sequence[Row]) -> None:
    rebuild = last_rebuild()
    if rebuild is None:
        return
    state = rebuild.state()
    if state.outcome == "running":
        st.session_state[_FOLLOWED] = (rebuild, True)
        st.progress(state.share, text=escape_markdown(_in_words(state)))
        st.html(f"<p role='status' class='facts'>{escape(state.stage)}</p>")
        if st.button("Cancel the rebuild"):
            rebuild.cancel()
        st.html("<p class='facts'>Searches are answered from the present index meanwhile.</p>")
    elif st.session_state.get(_FOLLOWED) == (rebuild, True):
        st.session_state[_FOLLOWED] = (rebuild, False)
        st.rerun()
    elif st.session_state.get(_FOLLOWED) == (rebuild, False):
        _draw_outcome(state, [row for row in rows if row.report.id not in rebuild.known])
    else:
        return
    if state.log:
        with st.expander("Log of the rebuild"):
            st.html(
                "<pre tabindex='0' role='region' aria-label='Log' style='white-space: pre-wrap'>"
                f"{escape(chr(10).join(state.log))}</pre>"
            )


def _in_words(state: State) -> str:
    share = f": {100 * state.share:.0f} %" if state.share else ""
    left = f", {state.left}" if state.left else ""
    return f"{state.stage}{share}{left} ({state.seconds:.0f} s so far)"


def _draw_outcome(state: State, new: Sequence[Row]) -> None:
    if state.outcome == "published":
        st.success(f"The index was rebuilt in {state.seconds:.0f} seconds.")
        if new:
            links = "".join(
                f"<li>{anchor(row.title, '/report', id=row.report.id)}</li>"
                for row in new[:_MOST_NAMED]
            )
            more = f"<p>and {len(new) - _MOST_NAMED:,} more</p>" if len(new) > _MOST_NAMED else ""
            st.html(f"<p>New in the collection:</p><ul>{links}</ul>{more}")
    elif state.outcome == "cancelled":
        st.info("The rebuild was cancelled. The index is as it was before.")
    else:
        told = " ".join(state.log[-_TROUBLE:]) or "the command said nothing."
        draw_error(f"The rebuild failed, and the index is as it was before: {told}")


def _draw_adding(folder: Path, rows: Sequence[Row]) -> None:
    with st.form("add reports", clear_on_submit=True):
        uploads = st.file_uploader(
            f"Reports to add: at most {MOST_FILES} files of at most {MOST_MEGABYTES} MB",
            type=list(SUFFIXES),
            accept_multiple_files=True,
            max_upload_size=MOST_MEGABYTES,
        )
        pressed = st.form_submit_button("Add and rebuild")
    if pressed and uploads:
        added = add_reports(folder, ((one.name, one.getvalue()) for one in uploads))
        st.session_state[_SAID] = [(one.name, _OUTCOMES[one.outcome], one.detail) for one in added]
        if any(one.outcome == "added" for one in added):
            _start(folder, rows)
        st.rerun()
    elif pressed:
        draw_error("Choose one or more files first.")


def _draw_removing(folder: Path, rows: Sequence[Row], files: Sequence[SourceFile]) -> None:
    by_id = {row.report.id: row for row in rows}
    chosen = st.selectbox(
        "Report to remove",
        list(by_id),
        index=None,
        format_func=lambda own: f"{by_id[own].title} ({by_id[own].report.file})",
        placeholder="Choose a report",
    )
    if chosen is None:
        return
    row = by_id[chosen]
    st.html(
        f"<p>{escape(row.title)}: its file is moved into the hidden folder <code>.removed</code> "
        "of the corpus, and after the rebuild its paragraphs are found no more.</p>"
    )
    sure = st.checkbox("Yes, remove this report", key=f"sure {chosen}")
    if st.button("Remove and rebuild", disabled=not sure):
        try:
            remove_report(folder, files, chosen)
        except InspectionSearchError as error:
            draw_error(str(error))
            return
        _start(folder, rows)
