"""The local Lambda: functions of a template in, invocations of real processes out.

Invariant: an execution environment serves one invocation at a time and fails alone.
"""
