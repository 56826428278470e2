"""Pictures of what ``evaluate`` measures, drawn with matplotlib, which the extra ``evaluate`` brings."""
