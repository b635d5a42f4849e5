"""What a mapping tells of itself: AWS's metrics, log events and states."""
