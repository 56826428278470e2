"""Worker processes as their service sees them: started, forked, kept ready, listened to."""
