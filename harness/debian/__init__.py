"""Debian packages without installing them: unpacked into the cache folder, for whoever may not install."""
