"""The read shell: knows positions and frames, not votes."""
