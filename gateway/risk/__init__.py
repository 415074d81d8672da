"""What may leave: each check is a small pure function that returns a refusal or nothing.

A refusal has a stable CODE, the numbers that were compared, and an OrdRejReason (103). The order
of checks is data (`checks.CHECKS`): a new control is a function and a line in that table.
"""
