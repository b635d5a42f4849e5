"""Tests of the proof without a stack."""
