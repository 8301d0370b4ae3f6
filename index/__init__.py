"""The contract: what is stored about reports, and how it is opened."""
