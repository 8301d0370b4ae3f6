"""Which page an address shows."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

st.set_page_config(page_title="Inspection Search", page_icon="🔎", layout="centered")
st.navigation(
    [
        st.Page(_HERE / "ask.py", title="Inspection Search", default=True),
        st.Page(_HERE / "passage.py", title="Paragraph", url_path="passage"),
        st.Page(_HERE / "report.py", title="Report", url_path="report"),
        st.Page(_HERE / "collection.py", title="Collection", url_path="collection"),
        st.Page(_HERE / "basket.py", title="Basket", url_path="basket"),
        st.Page(_HERE / "batch.py", title="Many questions", url_path="batch"),
    ],
    position="hidden",
).run()
