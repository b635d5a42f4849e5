"""The filters of a mapping: EventBridge patterns over the values of records."""
