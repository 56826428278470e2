"""Riders filmed by somebody who follows them: are they found, do they keep one identity, are their poses right?"""
