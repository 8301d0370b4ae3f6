"""What app.py draws, a page a file; only here and in app.py is streamlit imported."""
