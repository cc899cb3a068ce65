"""An independent reader of Hydra files: see hydra_reader.py."""
